"""Records: what a stage did, as JSON lines and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.findings import Change, Finding, Kind, LineRange
from migrator.errors import OutputError
from migrator.report.records import from_lines, to_lines

TIME = "2026-11-21T03:10:11Z"
CHANGE = Change(
    stage="minimal",
    layer="names",
    file="run.py",
    before=LineRange(129, 1),
    after=LineRange(131, 2),
    rule="cuda-names",
    kind=Kind.MATCH,
    text_before="torch.cuda.synchronize()\n",
    text_after="torch.hpu.synchronize()\n",
    reason="same call",
    source="https://docs.example.org",
    fix=3,
    old_file="train.py",
)
FINDING = Finding(Kind.MANUAL, "run.py", 7, "apex", "not there", "remove it", "apex")


def test_a_change_as_json() -> None:
    assert json.loads(to_lines([CHANGE], [], stage="minimal", time=TIME)) == {
        "time": TIME,
        "record": "change",
        "stage": "minimal",
        "layer": "names",
        "file": "run.py",
        "old_file": "train.py",
        "line_before": 129,
        "lines_before": 1,
        "line_after": 131,
        "lines_after": 2,
        "rule": "cuda-names",
        "class": "match",
        "before": "torch.cuda.synchronize()\n",
        "after": "torch.hpu.synchronize()\n",
        "reason": "same call",
        "source": "https://docs.example.org",
        "fix": 3,
    }


def test_a_finding_as_json() -> None:
    assert json.loads(to_lines([], [FINDING], stage="minimal", time=TIME)) == {
        "time": TIME,
        "record": "finding",
        "stage": "minimal",
        "file": "run.py",
        "line": 7,
        "class": "manual",
        "api": "apex",
        "message": "not there",
        "advice": "remove it",
        "rule": "apex",
    }


RANGES = st.builds(LineRange, st.integers(1, 999), st.integers(0, 99))
# any text a file can hold, undecodable bytes and line separators within JSON strings included
TEXT = st.text(st.characters() | st.sampled_from("\u2028\x85\r\n\udcff"))
CHANGES = st.builds(
    Change, st.just("minimal"), TEXT, TEXT, RANGES, RANGES, TEXT, st.sampled_from(Kind), TEXT, TEXT, TEXT, TEXT,
    st.integers(0, 99), TEXT,
)  # fmt: skip
FINDINGS = st.builds(Finding, st.sampled_from(Kind), TEXT, st.integers(1, 999), TEXT, TEXT, TEXT, TEXT)


@given(st.lists(CHANGES, max_size=3), st.lists(FINDINGS, max_size=3))
def test_records_come_back_as_they_were(changes: list[Change], findings: list[Finding]) -> None:
    assert from_lines(to_lines(changes, findings, stage="minimal", time=TIME)) == (changes, findings)


def _damaged(**fields: object) -> bytes:
    good = to_lines([CHANGE], [FINDING], stage="minimal", time=TIME)
    raw = json.loads(good.splitlines()[0]) | fields
    return good + json.dumps({key: value for key, value in raw.items() if value is not ...}, default=str).encode()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"time": "2026', "Unterminated string"),
        (b"[]", "list indices"),
        (b'{"time": "\xff"}', "decode"),
    ],
)
def test_a_broken_line_is_named(line: bytes, why: str) -> None:
    data = to_lines([CHANGE], [FINDING], stage="minimal", time=TIME) + line
    with pytest.raises(OutputError, match=f"minimal.jsonl:3: .*{why}") as caught:
        from_lines(data, "minimal.jsonl")
    assert "migrate apply" in caught.value.hint


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("record", "note", "'note'"),
        ("class", "wrong", "'wrong' is not a valid Kind"),
        ("line_before", "12", "line_before is '12', not of type int"),
        ("lines_after", True, "lines_after is True"),
        ("reason", None, "reason is None"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object, why: str) -> None:
    with pytest.raises(OutputError, match=why):
        from_lines(_damaged(**{field: value}))


def test_a_missing_field_is_named() -> None:
    with pytest.raises(OutputError, match=r"records:3: .*'layer'"):
        from_lines(_damaged(layer=...))
