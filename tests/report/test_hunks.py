"""Diffs read into values: paths, states, ranges, numbered lines."""

from __future__ import annotations

import pytest

from migrator.core.findings import LineRange
from migrator.core.linemap import Hunk
from migrator.report.filediff import DiffLine, FileStatus
from migrator.report.hunks import parse, sections

MODIFIED = b"""\
diff --git a/src/train.py b/src/train.py
index 1111111..2222222 100644
--- a/src/train.py
+++ b/src/train.py
@@ -3,4 +3,5 @@ def main():
 one
-two
+2
+2.5
 three
 four
@@ -20 +21,0 @@
-gone
"""


def test_lines_have_numbers_on_the_sides_that_have_them() -> None:
    (file,) = parse(MODIFIED)
    assert (file.path, file.old_path, file.status) == ("src/train.py", "src/train.py", FileStatus.MODIFIED)
    assert file.hunks[0].section == "def main():"
    assert file.hunks[0].lines == (
        DiffLine(" ", "one", 3, 3),
        DiffLine("-", "two", 4, None),
        DiffLine("+", "2", None, 4),
        DiffLine("+", "2.5", None, 5),
        DiffLine(" ", "three", 5, 6),
        DiffLine(" ", "four", 6, 7),
    )
    assert (file.added, file.removed) == (2, 2)


def test_an_empty_range_stands_before_its_line_and_is_printed_as_git_does() -> None:
    hunk = parse(MODIFIED)[0].hunks[1]
    assert (hunk.before, hunk.after) == (LineRange(20, 1), LineRange(22, 0))
    assert hunk.header == "@@ -20 +21,0 @@"


def test_runs_are_the_changed_lines_alone() -> None:
    first, second = parse(MODIFIED)[0].hunks
    assert first.runs == (Hunk(LineRange(4, 1), LineRange(4, 2)),)
    assert second.runs == (Hunk(LineRange(20, 1), LineRange(22, 0)),)


def test_two_runs_in_one_hunk() -> None:
    diff = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,4 @@\n+new\n a\n-b\n+B\n c\n"
    assert parse(diff)[0].hunks[0].runs == (
        Hunk(LineRange(1, 0), LineRange(1, 1)),
        Hunk(LineRange(2, 1), LineRange(3, 1)),
    )


@pytest.mark.parametrize(
    ("head", "old", "new", "status"),
    [
        (b"diff --git a/x b/x\nnew file mode 100644\n", "x", "x", FileStatus.ADDED),
        (b"diff --git a/x b/x\ndeleted file mode 100644\n", "x", "x", FileStatus.DELETED),
        (b"diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n", "x", "y", FileStatus.RENAMED),
        (b"diff --git a/a b/c b/a b/c\nold mode 100644\nnew mode 100755\n", "a b/c", "a b/c", FileStatus.MODIFIED),
        (b'diff --git "a/\\303\\251" "b/\\303\\251"\nnew file mode 100755\n', "é", "é", FileStatus.ADDED),
    ],
)
def test_headers(head: bytes, old: str, new: str, status: FileStatus) -> None:
    (file,) = parse(head)
    assert (file.old_path, file.path, file.status, file.hunks) == (old, new, status, ())


def test_a_binary_file_has_no_hunks() -> None:
    diff = b"diff --git a/w b/w\nindex 1..2 100644\nGIT binary patch\nliteral 3\nKc$@)x\n\nliteral 2\nJ0C\n\n"
    (file,) = parse(diff + MODIFIED)[:1]
    assert file.binary
    assert file.hunks == ()


def test_content_that_looks_like_a_header_stays_content() -> None:
    diff = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n diff --git a/y b/y\n--- y\n+++ y\n rename from y\n"
    (file,) = parse(diff)
    assert [(line.op, line.text) for line in file.hunks[0].lines] == [
        (" ", "diff --git a/y b/y"),
        ("-", "-- y"),
        ("+", "++ y"),
        (" ", "rename from y"),
    ]


def test_line_ends_and_odd_characters_do_not_break_lines() -> None:
    text = "one\rtwo\x0cthree\u2028four\r"
    body = f"+{text}\n\\ No newline at end of file\n"
    diff = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n" + body.encode()
    assert parse(diff)[0].hunks[0].lines == (DiffLine("+", text, None, 1, newline=False),)


def test_sections_are_the_files_parts() -> None:
    assert sections(MODIFIED + MODIFIED) == [MODIFIED, MODIFIED]
    assert sections(b"") == []
