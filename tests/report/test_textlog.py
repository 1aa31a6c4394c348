"""The log as a person reads it."""

from __future__ import annotations

from dataclasses import replace

from migrator.core.findings import Change, Finding, Kind, LineRange
from migrator.report.records import Record
from migrator.report.textlog import text_log

TIME = "2026-11-21T03:10:11Z"
CHANGE = Change(
    "minimal",
    "names",
    "run_pretraining.py",
    LineRange(126, 1),
    LineRange(129, 1),
    "cuda-names",
    Kind.MATCH,
    "        torch.cuda.synchronize()\n",
    "        torch.hpu.synchronize()\n",
    "The same call\n  under another name.",
    "https://docs.example.org",
)
FINDING = Finding(Kind.MANUAL, "run.sh", 3, "nvidia-smi", "no such tool", "Use hl-smi.", "scripts")


def log(*items: Change | Finding) -> str:
    return text_log([Record(TIME, "minimal", item) for item in items])


def test_a_change_of_one_line() -> None:
    assert log(CHANGE) == (
        "[2026-11-21 03:10:11] run_pretraining.py:129\n"
        "    [context]: torch.cuda.synchronize()\n"
        "    [hpu_match]: torch.cuda.synchronize() --> torch.hpu.synchronize()\n"
        "        rule: cuda-names, stage: minimal, layer: names\n"
        "        reason: The same call under another name.\n"
        "        source: https://docs.example.org\n"
        "\n"
        "1 change in 1 file: 1 hpu_match\n"
        "no findings\n"
    )


def test_a_change_of_several_lines_keeps_their_shape() -> None:
    text = log(replace(CHANGE, text_before="    if x:\n        a()\n", text_after="    a()\n", kind=Kind.MODIFIED))
    assert (
        "    [context]: if x:\n"
        "    [hpu_modified]: 2 lines --> 1 line\n"
        "        - if x:\n"
        "        -     a()\n"
        "        + a()\n"
    ) in text


def test_lines_only_added_and_only_removed() -> None:
    assert "    [hpu_match]: 1 line added\n        + mark_step()\n" in log(
        replace(CHANGE, text_before="", text_after="    mark_step()\n")
    )
    assert "    [context]: f()\n    [hpu_match]: 1 line removed\n        - f()\n" in log(
        replace(CHANGE, text_before="f()\n", text_after="")
    )


def test_a_long_text_is_cut_and_says_so() -> None:
    text = log(replace(CHANGE, text_before="", text_after="x\n" * 31))
    assert "31 lines added\n" in text
    assert text.count("        + x\n") == 20
    assert "        + ... and 11 more lines\n" in text


def test_a_rename_names_the_old_file() -> None:
    assert "        renamed: from train.py\n" in log(replace(CHANGE, old_file="train.py"))


def test_what_several_fixes_asked_for_is_told_once() -> None:
    assert log(CHANGE, replace(CHANGE, fix=2)) == log(CHANGE)


def test_no_file_can_steer_the_terminal() -> None:
    assert "\x1b" not in log(replace(CHANGE, text_after="print('\x1b[2J')\n"))


def test_a_finding() -> None:
    assert log(FINDING) == (
        "[2026-11-21 03:10:11] run.sh:3\n"
        "    [context]: nvidia-smi\n"
        "    [hpu_manual]: no such tool\n"
        "        advice: Use hl-smi.\n"
        "        rule: scripts, stage: minimal\n"
        "\n"
        "no changes\n"
        "1 finding in 1 file: 1 hpu_manual\n"
    )


def test_the_summary_counts_by_class_and_file() -> None:
    other = replace(CHANGE, file="other.py", kind=Kind.MISMATCH)
    assert log(CHANGE, replace(CHANGE, after=LineRange(140, 1)), other, FINDING).endswith(
        "3 changes in 2 files: 2 hpu_match, 1 hpu_mismatch\n1 finding in 1 file: 1 hpu_manual\n"
    )
