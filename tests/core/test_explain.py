"""Which lines each fix changed: checked against the texts themselves and against difflib."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.edits import Edit, Fix, apply_edits, choose, contradicts_itself, merged_edits
from migrator.core.explain import step_of
from migrator.core.findings import Kind, LineRange
from migrator.core.linemap import line_starts, touches
from migrator.core.steps import Step


def fix(*edits: Edit, rule: str = "rule") -> Fix:
    return Fix(rule, Kind.MODIFIED, "reason", "source", edits)


def step(text: bytes, *fixes: Fix) -> tuple[Step, bytes]:
    chosen = choose(fixes)
    edits = merged_edits(chosen)
    after = apply_edits(text, edits)
    return step_of("a.py", text, after, edits, chosen, 1), after


def lines_of(text: bytes) -> list[bytes]:
    ends = [*line_starts(text)[1:], len(text)]
    return [text[a:b] for a, b in zip(line_starts(text), ends, strict=True) if a < b]


TEXT = b"one\ntwo\nthree\nfour"


@pytest.mark.parametrize(
    ("edit", "before", "after", "text_before", "text_after"),
    [
        (Edit(5, 6, b"W"), LineRange(2, 1), LineRange(2, 1), "two\n", "tWo\n"),
        (Edit(4, 4, b"new\n"), LineRange(2, 0), LineRange(2, 1), "", "new\n"),
        (Edit(4, 8, b""), LineRange(2, 1), LineRange(2, 0), "two\n", ""),
        (Edit(3, 4, b""), LineRange(1, 2), LineRange(1, 1), "one\ntwo\n", "onetwo\n"),
        (Edit(5, 10, b"\n"), LineRange(2, 2), LineRange(2, 2), "two\nthree\n", "t\nree\n"),
        (Edit(18, 18, b"\nfive"), LineRange(4, 1), LineRange(4, 2), "four", "four\nfive"),
        (Edit(14, 18, b""), LineRange(4, 1), LineRange(4, 0), "four", ""),
        (Edit(0, 18, b""), LineRange(1, 4), LineRange(1, 0), TEXT.decode(), ""),
    ],
)
def test_one_edit(edit: Edit, before: LineRange, after: LineRange, text_before: str, text_after: str) -> None:
    (change,) = step(TEXT, fix(edit))[0].changes
    assert (change.before, change.after) == (before, after)
    assert (change.text_before, change.text_after) == (text_before, text_after)


def test_after_a_final_line_end_stands_no_line() -> None:
    (change,) = step(b"one\n", fix(Edit(4, 4, b"two")))[0].changes
    assert (change.before, change.after, change.text_before, change.text_after) == (
        LineRange(2, 0),
        LineRange(2, 1),
        "",
        "two",
    )
    (change,) = step(b"", fix(Edit(0, 0, b"one\n")))[0].changes
    assert (change.before, change.after) == (LineRange(1, 0), LineRange(1, 1))


def test_a_fix_has_a_change_for_each_place_and_shares_lines_with_others() -> None:
    importing = fix(Edit(0, 0, b"zero\n"), Edit(8, 9, b"T"), rule="a")
    other = fix(Edit(9, 10, b"H"), rule="b")
    found, _ = step(TEXT, importing, other)
    assert [(c.rule, c.fix, c.before.start, c.after.start) for c in found.changes] == [
        ("a", 1, 1, 1),
        ("a", 1, 3, 4),
        ("b", 2, 3, 4),
    ]
    assert found.changes[1].text_after == found.changes[2].text_after == "THree\n"


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Lines that all differ, so that difflib cannot pair a line with another one that happens to be the same."""
    ends = draw(st.lists(st.sampled_from(["\n", "\r\n"]), max_size=7))
    return "".join([*(f"{number}{end}" for number, end in enumerate(ends)), draw(st.sampled_from(["", "x"]))]).encode()


@st.composite
def programs(draw: st.DrawFn) -> tuple[bytes, list[Fix]]:
    text = draw(texts())
    places = [at for at in range(len(text) + 1) if text[at - 1 : at + 1] != b"\r\n"]
    fixes = []
    for _ in range(draw(st.integers(1, 4))):
        edits = []
        for _ in range(draw(st.integers(1, 2))):
            start, end = sorted((draw(st.sampled_from(places)), draw(st.sampled_from(places))))
            edits.append(Edit(start, end, draw(st.sampled_from([b"", b"q", b"q\n", b"\nq", b"q\nr\n"]))))
        if not contradicts_itself(one := fix(*edits)):
            fixes.append(one)
    return text, fixes


@given(programs())
def test_changes_cover_what_changed_and_nothing_outside_them_did(made: tuple[bytes, list[Fix]]) -> None:
    before, fixes = made
    found, after = step(before, *fixes)
    old, new = lines_of(before), lines_of(after)
    kept_old, kept_new = list(old), list(new)
    for hunk in reversed(found.map.hunks):
        del kept_old[hunk.before.start - 1 : hunk.before.stop - 1]
        del kept_new[hunk.after.start - 1 : hunk.after.stop - 1]
    assert kept_old == kept_new
    for change in found.changes:
        assert change.text_before.encode() == b"".join(old[change.before.start - 1 : change.before.stop - 1])
        assert change.text_after.encode() == b"".join(new[change.after.start - 1 : change.after.stop - 1])
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        hunk_before, hunk_after = LineRange(i1 + 1, i2 - i1), LineRange(j1 + 1, j2 - j1)
        assert tag == "equal" or any(
            touches(c.before, hunk_before) or touches(c.after, hunk_after) for c in found.changes
        )
