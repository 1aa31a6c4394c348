"""Unified diffs as text, and what they mean or why they are refused."""

from __future__ import annotations

import pickle

import pytest

from migrator.core.findings import LineRange
from migrator.core.tree import Mode, UnsafePathError
from migrator.core.udiff import DiffSyntaxError, FilePatch, Row, parse_diff
from migrator.errors import ExitCode

GIT = b"diff --git a/f b/f\n--- a/f\n+++ b/f\n"
HUNK = b"@@ -1 +1 @@\n-a\n+b\n"


def parsed(data: bytes) -> FilePatch:
    (patch,) = parse_diff(data, name="x.diff")
    return patch


def refused(data: bytes) -> str:
    with pytest.raises(DiffSyntaxError) as caught:
        parse_diff(data, name="x.diff")
    assert caught.value.exit_code is ExitCode.LAYER
    assert caught.value.hint
    return caught.value.message


def test_a_hunk_keeps_its_rows_and_its_place() -> None:
    patch = parsed(GIT + b"@@ -4,3 +4,4 @@ def f():\n a\n-b\n+c\n+d\n e\n")
    (hunk,) = patch.hunks
    assert (hunk.number, hunk.line) == (1, 4)
    assert (hunk.before, hunk.after) == (LineRange(4, 3), LineRange(4, 4))
    assert hunk.rows == (Row(" ", b"a\n"), Row("-", b"b\n"), Row("+", b"c\n"), Row("+", b"d\n"), Row(" ", b"e\n"))
    assert (hunk.old, hunk.new) == ([b"a\n", b"b\n", b"e\n"], [b"a\n", b"c\n", b"d\n", b"e\n"])


def test_lines_added_without_context_stand_in_the_gap_below_the_stated_line() -> None:
    (hunk,) = parsed(GIT + b"@@ -4,0 +5,2 @@\n+a\n+b\n").hunks
    assert (hunk.before, hunk.after) == (LineRange(5, 0), LineRange(5, 2))


@pytest.mark.parametrize(
    "text", [b"a\r\n", b"\x0ca\x85b\x1c\n", b"\xff\xfe\n", b"a\rb\n", b"\r\n", b"-- x\n", b"++ x\n"]
)
def test_bytes_come_through_as_they_are(text: bytes) -> None:
    (hunk,) = parsed(GIT + b"@@ -1,3 +1,3 @@\n " + text + b"-" + text + b"+" + text + b" end\n").hunks
    assert [row.text for row in hunk.rows] == [text, text, text, b"end\n"]


def test_an_empty_line_is_an_empty_line_of_context() -> None:
    assert parsed(GIT + b"@@ -1,2 +1,2 @@\n\n-a\n+b\n").hunks[0].rows[0] == Row(" ", b"\n")


@pytest.mark.parametrize("marker", [b"\\ No newline at end of file\n", b"\\ Kein Zeilenumbruch am Dateiende.\n"])
def test_a_missing_newline_is_missing_from_the_row_above_the_marker(marker: bytes) -> None:
    rows = parsed(GIT + b"@@ -1 +1 @@\n-a\n" + marker + b"+b\n" + marker).hunks[0].rows
    assert rows == (Row("-", b"a"), Row("+", b"b"))


@pytest.mark.parametrize(
    ("header", "old", "new"),
    [
        (b"--- a/f\n+++ b/f\n", "f", "f"),
        (b"--- a/f\t2024-01-01 10:00:00.000000000 +0100\n+++ b/f\t2024-01-02 10:00:00 +0100\n", "f", "f"),
        (b"diff -ru one/f two/f\n--- one/f\tx\n+++ two/f\ty\n", "f", "f"),
        (b"diff --git a/d e/f g b/d e/f g\n--- a/d e/f g\t\n+++ b/d e/f g\t\n", "d e/f g", "d e/f g"),
        (b"diff --git a/x b/y b/x b/y\n--- a/x b/y\t\n+++ b/x b/y\t\n", "x b/y", "x b/y"),
        (
            b'diff --git "a/q\\"\\303\\251" "b/q\\"\\303\\251"\n--- "a/q\\"\\303\\251"\n+++ "b/q\\"\\303\\251"\n',
            'q"é',
            'q"é',
        ),
        (b'diff --git "a/\\377" "b/\\377"\n--- "a/\\377"\t\n+++ "b/\\377"\t\n', "\udcff", "\udcff"),
    ],
)
def test_paths(header: bytes, old: str, new: str) -> None:
    patch = parsed(header + HUNK)
    assert (patch.old_path, patch.new_path) == (old, new)


@pytest.mark.parametrize(
    ("header", "hunk", "old", "new"),
    [
        (b"--- /dev/null\n+++ b/f\n", b"@@ -0,0 +1 @@\n+a\n", None, "f"),
        (b"--- a/f\n+++ /dev/null\n", b"@@ -1 +0,0 @@\n-a\n", "f", None),
        (b"--- a/f\t1970-01-01 01:00:00.000000000 +0100\n+++ b/f\t2024-01-01 00:00:00 +0100\n",
         b"@@ -0,0 +1 @@\n+a\n", None, "f"),
        (b"--- a/f\t2024-01-01 00:00:00 -0500\n+++ b/f\t1969-12-31 19:00:00.000000000 -0500\n",
         b"@@ -1 +0,0 @@\n-a\n", "f", None),
    ],
)  # fmt: skip
def test_absent_sides_of_plain_diffs(header: bytes, hunk: bytes, old: str | None, new: str | None) -> None:
    patch = parsed(header + hunk)
    assert (patch.old_path, patch.new_path, patch.old_mode, patch.new_mode) == (old, new, None, None)


@pytest.mark.parametrize(
    ("text", "patch"),
    [
        (b"diff --git a/f b/f\nold mode 100644\nnew mode 100755\n",
         FilePatch(1, "f", "f", Mode.FILE, Mode.EXECUTABLE)),
        (b"diff --git a/f b/g h\nsimilarity index 100%\nrename from f\nrename to g h\n",
         FilePatch(1, "f", "g h", is_rename=True)),
        (b'diff --git a/f "b/g\\303\\251"\nsimilarity index 100%\ncopy from f\ncopy to "g\\303\\251"\n',
         FilePatch(1, "f", "gé", is_copy=True)),
        (b"diff --git a/f b/f\nnew file mode 100755\nindex 0000000..e69de29\n",
         FilePatch(1, None, "f", None, Mode.EXECUTABLE, old_blob="0000000", new_blob="e69de29")),
        (b"diff --git a/f b/f\ndeleted file mode 120000\n", FilePatch(1, "f", None, Mode.LINK)),
    ],
)  # fmt: skip
def test_headers_without_hunks(text: bytes, patch: FilePatch) -> None:
    assert parsed(text) == patch


def test_the_index_line_gives_ids_and_the_mode_that_stays() -> None:
    patch = parsed(b"diff --git a/f b/f\nindex 1234567..89abcde 100755\n--- a/f\n+++ b/f\n" + HUNK)
    assert (patch.old_blob, patch.new_blob) == ("1234567", "89abcde")
    assert (patch.old_mode, patch.new_mode) == (Mode.EXECUTABLE, Mode.EXECUTABLE)


@pytest.mark.parametrize("blank", [b"", b"\n", b" \n\n"])
def test_a_blank_diff_changes_nothing(blank: bytes) -> None:
    assert parse_diff(blank, name="x.diff") == ()


def test_a_mail_around_the_diff_is_allowed() -> None:
    mail = b"From 1234 Mon Sep 17 00:00:00 2001\nSubject: x\n\n---\n f | 2 +-\n\n" + GIT + HUNK + b"-- \n2.39.5\n\n"
    assert parsed(mail).hunks[0].old == [b"a\n"]


SECOND = b"@@ -5 +5 @@\n-x\n+y\n"


@pytest.mark.parametrize(
    ("data", "line", "problem"),
    [
        (GIT + b"@@ -1,2 +1 @@\n-a\n+b\n", 6, "shorter"),
        (GIT + b"@@ -1 +1,2 @@\n-a\n+b\n", 6, "shorter"),
        (GIT + b"@@ -1,2 +1 @@\n-a\n+b\ndiff --git a/g b/g\n", 7, "line expected"),
        (GIT + b"@@ -1 +1 @@\n-a\n-b\n+c\n", 6, "longer"),
        (GIT + b"@@ -1 +1 @@\n-a\n+b\n+c\n", 7, "not part of any hunk"),
        (GIT + HUNK + b"\n" + SECOND, 7, "not part of any hunk"),
        (GIT + HUNK + b"text\n" + SECOND, 8, "Unexpected hunk"),
        (GIT + HUNK + b"text\n", 7, "not part of any hunk"),
        (GIT + b"@@ -1,2 +1,2 @@\n-a\ntext\n+b\n", 6, "line expected"),
        (GIT + b"@@ -1,2 +1,2 @@\n-a\n\rtext\n+b\n c\n", 6, "line expected"),
        (GIT + b"@@ -1 +1 @@\n-a\n+b", 6, "cut off"),
        (GIT + b"@@ -1 +1\n-a\n+b\n", 4, "not a hunk header"),
        (GIT + b"@@@ -1 -1 +1 @@@\n-a\n+b\n", 4, "not a hunk header"),
        (GIT + b"@@ -1 +" + b"9" * 5000 + b" @@\n-a\n+b\n", 4, "not a hunk header"),
        (GIT + b"@@ -0,0 +0,0 @@\n", 4, "without lines"),
        (GIT + b"@@ -1 +1 @@\n a\n", 4, "changes nothing"),
        (GIT + b"@@ -0 +0 @@\n-a\n+b\n", 4, "before line 1"),
        (GIT + SECOND + HUNK, 7, "overlaps"),
        (GIT + b"@@ -1,2 +1,2 @@\n a\n-b\n+c\n@@ -2,2 +2,2 @@\n-b\n+c\n d\n", 8, "overlaps"),
        (GIT + b"@@ -1,0 +2 @@\n+a\n@@ -1,0 +3 @@\n+b\n", 6, "overlaps"),
        (GIT + HUNK + b"@@ -5 +6 @@\n-x\n+y\n", 7, "must be 5"),
        (GIT, 3, "no hunk follows"),
        (GIT + b"diff --git a/g b/g\nold mode 100644\nnew mode 100755\n", 3, "no hunk follows"),
        (b"diff --git a/f b/f\n" + HUNK, 2, "Unexpected hunk"),
        (b"diff --git a/f b/f\n", 1, "changes nothing"),
        (b"diff --git a/f b/f\nindex 1234567..89abcde 100644\n", 1, "changes nothing"),
        (b"diff --git a/f b/f\nnew file mode 100644\nindex 0000000..89abcde\n", 1, "content is missing"),
        (b"diff --git a/f b/f\ndeleted file mode 100644\nindex 89abcde..0000000\n", 1, "content is missing"),
        (b"diff --git a/f b/g\nrename from f\nrename to g\nindex 1234567..89abcde 100644\n", 1, "no hunks"),
        (b"--- a/f\n" + HUNK, 1, "without its header"),
        (b"diff --git a/f b/f\n--- a/f\n" + HUNK, 3, "Unexpected hunk"),
        (b"diff --git a/f b/f\n--- a/f\n", 2, "no line `+++`"),
        (HUNK, 1, "without its header"),
        (b"hello\n", 1, "not a unified diff"),
        (b"iff --git a/f b/f\nrename from f\nrename to g\n", 2, "without its header"),
        (b"Only in a: f\n--- a/f\n+++ b/f\n" + HUNK, 1, "without its header"),
    ],
)
def test_malformed_diffs_are_refused_with_the_line(data: bytes, line: int, problem: str) -> None:
    message = refused(data)
    assert message.startswith(f"x.diff:{line}: ")
    assert problem in message


MARKER = b"\\ No newline at end of file\n"


@pytest.mark.parametrize(
    "hunks",
    [
        b"@@ -1 +1 @@\n" + MARKER + b"-a\n+b\n",
        b"@@ -1 +1 @@\n-a\n" + MARKER + MARKER + b"+b\n",
        b"@@ -1,2 +1 @@\n-a\n" + MARKER + b"-b\n+c\n",
        b"@@ -1,2 +1,2 @@\n a\n" + MARKER + b"-b\n+c\n",
        b"@@ -1 +1,2 @@\n-a\n+b\n" + MARKER + b"+c\n",
        b"@@ -1 +1 @@\n-a\n" + MARKER + b"+b\n" + SECOND,
        b"@@ -1 +1 @@\n-a\n+b\n" + MARKER + SECOND,
    ],
)
def test_only_a_files_last_line_can_lack_its_newline(hunks: bytes) -> None:
    assert "newline" in (message := refused(GIT + hunks)) or "after the end of the file" in message


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (b"--- f\n+++ f\n", "no prefix"),
        (b"--- a/f\n+++ b/g\n", "two names"),
        (b"--- /dev/null\n+++ /dev/null\n", "both sides"),
        (b"--- a/f\r\n+++ b/f\r\n", "carriage return"),
        (b"diff --git a/f b/f\r\n--- a/f\r\n+++ b/f\r\n", "carriage return"),
        (b'--- "a/f\n+++ "b/f\n', "quotation"),
        (b'--- "a/\\9"\n+++ "b/\\9"\n', "quotation"),
        (b"diff --git f f\n--- f\n+++ f\n", "no prefix"),
        (b"diff --git a/f b/f\n--- a/g\n+++ b/g\n", "another file"),
        (b"diff --git a/f b/g\n--- a/f\n+++ b/g\n", "does not name"),
        (b"diff --git d/f d/g\nrename from d/f\nrename to d/g\n--- d/f\n+++ d/g\n", "does not name"),
        (b"diff --git a/f b/g\nrename from f\nrename to h\n--- a/f\n+++ b/g\n", "does not name"),
        (b"diff --git a/f b/f\n--- /dev/null\n+++ b/f\n", "another file"),
        (b"diff --git a/f b/f\nold mode 100644\n--- a/f\n+++ b/f\n", "belong together"),
        (b"diff --git a/f b/f\nold mode 100644\nold mode 100644\n--- a/f\n+++ b/f\n", "second line"),
        (b"diff --git a/f b/f\nold mode 100644\nnew mode 100600\n--- a/f\n+++ b/f\n", "unknown file mode"),
        (b"diff --git a/f b/f\nold mode 100644\nnew mode 120000\n--- a/f\n+++ b/f\n", "changes its type"),
        (b"diff --git a/f b/f\nnew file mode 100644\ndeleted file mode 100644\n--- a/f\n+++ b/f\n", "contradict"),
        (b"diff --git a/f b/f\nnew file mode 100644\n--- /dev/null\n+++ b/f\n", "no old lines"),
        (b"diff --git a/f b/f\ndeleted file mode 100644\n--- a/f\n+++ /dev/null\n", "keeps no lines"),
        (b"diff --git a/f b/f\nindex 12..34\n--- a/f\n+++ b/f\n", "index"),
        (b"diff --cc f\nindex 1234567,1234567..89abcde\n--- a/f\n+++ b/f\n", "merge"),
    ],
)
def test_headers_that_contradict_themselves_are_refused(header: bytes, problem: str) -> None:
    assert problem in refused(header + HUNK)


@pytest.mark.parametrize(
    "data",
    [
        b"diff --git a/w.bin b/w.bin\nindex 1234567..89abcde 100644\nBinary files a/w.bin and b/w.bin differ\n",
        b"diff --git a/w.bin b/w.bin\nindex 1234567..89abcde 100644\nGIT binary patch\nliteral 3\n+cmZQz\n\n@-x\n",
    ],
)
def test_binary_changes_are_refused_by_name(data: bytes) -> None:
    message = refused(data)
    assert message.startswith("x.diff:3: ")
    assert "binary" in message
    assert "w.bin" in message


@pytest.mark.parametrize("again", [GIT + HUNK, b"diff --git a/g b/f\nrename from g\nrename to f\n"])
def test_a_second_part_for_one_file_is_refused(again: bytes) -> None:
    assert refused(GIT + HUNK + again) == "x.diff:7: a second part for one file, f"


def test_a_link_that_becomes_a_file_has_two_parts() -> None:
    gone = b"diff --git a/f b/f\ndeleted file mode 120000\n--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-g\n" + MARKER
    made = b"diff --git a/f b/f\nnew file mode 100644\n--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+text\n"
    assert [patch.path for patch in parse_diff(gone + made, name="x.diff")] == ["f", "f"]


@pytest.mark.parametrize(
    "path", [b"../f", b"d/../f", b"/f", b".git/config", b"d//f", b"C:f", b'"a/f\\n"', b'"a/x\\\\y"']
)
def test_paths_that_leave_the_tree_are_refused(path: bytes) -> None:
    old, new = (path, path) if path.startswith(b'"') else (b"a/" + path, b"b/" + path)
    with pytest.raises(UnsafePathError, match=r"^x\.diff:1: "):
        parse_diff(b"--- " + old + b"\n+++ " + new + b"\n" + HUNK, name="x.diff")


def test_errors_survive_the_way_between_processes() -> None:
    error = DiffSyntaxError.at("x.diff", 3, "problem", hint="what to do")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.message, copy.hint) == ("x.diff:3: problem", "what to do")
