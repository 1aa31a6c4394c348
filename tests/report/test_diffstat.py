"""Numbers and bars."""

from __future__ import annotations

from migrator.core.findings import LineRange
from migrator.report.diffstat import diffstat
from migrator.report.filediff import DiffHunk, DiffLine, FileDiff, FileStatus


def file(path: str, added: int, removed: int, **more: object) -> FileDiff:
    ops = "-" * removed + "+" * added
    lines = tuple(DiffLine(op, "x", 1 if op == "-" else None, 1 if op == "+" else None) for op in ops)
    hunk = DiffHunk(LineRange(1, removed), LineRange(1, added), "", lines)
    return FileDiff(path, path, FileStatus.MODIFIED, (hunk,) if ops else (), **more)  # type: ignore[arg-type]


def test_small_counts_are_shown_one_to_one() -> None:
    assert diffstat([file("a.py", 3, 1), file("long/name.py", 0, 2)]) == [
        " a.py         | 4 +++-",
        " long/name.py | 2 --",
        "2 files changed, 3 lines added, 3 removed",
    ]


def test_large_counts_fit_the_width_and_no_change_vanishes() -> None:
    rows = diffstat([file("a.py", 900, 300), file("b.py", 1, 1)], width=60)
    assert all(len(row) <= 60 for row in rows)
    assert rows[0].count("+") > rows[0].count("-") * 2
    assert rows[1].endswith("2 +-")


def test_long_paths_are_cut_at_the_left() -> None:
    rows = diffstat([file("deep/" * 30 + "train.py", 1, 0)], width=80)
    assert rows[0].startswith(" ...")
    assert "/train.py | 1 +" in rows[0]
    assert len(rows[0]) <= 80


def test_files_without_lines_say_what_changed() -> None:
    rows = diffstat([file("w.bin", 0, 0, binary=True), file("run.sh", 0, 0, old_mode="100644", mode="100755")])
    assert rows[:2] == [" w.bin  | binary", " run.sh |   mode"]


def test_nothing() -> None:
    assert diffstat([]) == ["no differences"]
