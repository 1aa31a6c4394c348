"""`migrate log` on a real output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.cli import main
from migrator.report.records import from_lines
from tests.report.made_output import FINDINGS, make_output


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an output at trainers/nvidia-bert."""
    folder = tmp_path_factory.mktemp("home")
    make_output(folder / "trainers" / "nvidia-bert")
    return folder


@pytest.fixture(autouse=True)
def _inside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)


def log(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["log", *words]) == 0
    return capfd.readouterr().out


def test_text_shows_changes_findings_and_a_summary(capfd: pytest.CaptureFixture[str]) -> None:
    text = log(capfd)
    assert (
        "[2026-11-21 03:10:11] train.py:7\n"
        '    [context]: model.to("cuda")\n'
        '    [hpu_modified]: model.to("cuda") --> model.to("hpu")\n'
        "        rule: cuda-names, stage: minimal, layer: names\n"
    ) in text
    assert "    [hpu_unsupported]: there is no such tool\n        advice: Use hl-smi.\n" in text
    assert text.endswith("2 findings in 2 files: 1 hpu_manual, 1 hpu_unsupported\n")


def test_json_lines_are_the_records(capfd: pytest.CaptureFixture[str]) -> None:
    changes, findings = from_lines(log(capfd, "--json").encode())
    assert findings == FINDINGS
    assert {change.stage for change in changes} == {"minimal", "packed", "performance"}


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (("--stage", "packed"), {"packed.py"}),
        (("--file", "w*.py"), {"windows.py"}),
        (("--file", "docs/notes é.txt"), {"docs/notes of é.txt"}),
        (("--class", "manual"), {"train.py"}),
        (("--class", "hpu_unsupported"), {"run.sh"}),
        (("--rule", "cuda-*", "--stage", "performance"), {"train.py"}),
        (("--rule", "nothing"), set()),
    ],
)
def test_choices(words: tuple[str, ...], files: set[str], capfd: pytest.CaptureFixture[str]) -> None:
    rows = log(capfd, "--json", *words).splitlines()
    assert {json.loads(row)["file"] for row in rows} == files


def test_written_to_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shown = log(capfd)
    assert log(capfd, "-o", str(tmp_path / "port.log")).startswith("wrote ")
    assert (tmp_path / "port.log").read_text("utf-8") == shown
    log(capfd, "--json", "-o", str(tmp_path / "port.jsonl"))
    assert from_lines((tmp_path / "port.jsonl").read_bytes())[1] == FINDINGS


def test_not_into_the_output(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "-o", str(home / "trainers/nvidia-bert/x.log")]) == 2
    assert "lies in the migrated output" in capfd.readouterr().err


def test_an_unknown_stage(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "--stage", "fast"]) == 2
    assert "stage fast is not applied; there are upstream, minimal, packed, performance" in capfd.readouterr().err


def test_damaged_records_name_file_and_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make_output(tmp_path / "out", "minimal")
    records = tmp_path / "out" / ".git" / "migrate" / "minimal.jsonl"
    lines = records.read_bytes().splitlines(keepends=True)
    records.write_bytes(b"".join([*lines[:2], lines[2][:40], b"\n", *lines[3:]]))
    assert main(["log", str(tmp_path / "out")]) == 2
    assert "minimal.jsonl:3: not a record of a migration" in capfd.readouterr().err


def test_an_unknown_class(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["log", "--class", "fine"])
    assert "there is no class 'fine'" in capfd.readouterr().err
