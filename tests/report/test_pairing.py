"""Side by side: which line stands beside which, and which words differ."""

from __future__ import annotations

from migrator.core.findings import LineRange
from migrator.report.filediff import DiffHunk, DiffLine
from migrator.report.pairing import changed_words, pairs


def rows(*lines: str) -> list[tuple[str | None, str | None]]:
    parts = tuple(DiffLine(line[0], line[1:], 1, 1) for line in lines)
    hunk = DiffHunk(LineRange(1, 1), LineRange(1, 1), "", parts)
    return [(old.text if old else None, new.text if new else None) for old, new in pairs(hunk)]


def test_context_stands_on_both_sides() -> None:
    assert rows(" a") == [("a", "a")]


def test_lines_that_are_alike_stand_beside_each_other() -> None:
    assert rows("-x = load(cuda)", "+import core", "+x = load(hpu)") == [
        (None, "import core"),
        ("x = load(cuda)", "x = load(hpu)"),
    ]


def test_lines_with_nothing_in_common_fill_up_row_by_row() -> None:
    assert rows("-alpha", "-beta", "+gamma") == [("alpha", "gamma"), ("beta", None)]


def test_every_line_is_shown_once() -> None:
    removed, added = [f"-f({n}, a, b, c)" for n in range(40)], [f"+f({n}, a, b, d)" for n in range(70)]
    shown = rows(*removed, *added)
    assert [old for old, _ in shown if old] == [line[1:] for line in removed]
    assert [new for _, new in shown if new] == [line[1:] for line in added]


def test_words_that_differ() -> None:
    old, new = "torch.cuda.synchronize()", "torch.hpu.synchronize()"
    assert changed_words(old, new) == ([(6, 10)], [(6, 9)])


def test_lines_with_little_in_common_have_no_marked_words() -> None:
    assert changed_words("loss.backward()", "optimizer.step()") == ([], [])
