"""Trees before and after a diff, and the diffs that must not apply."""

from __future__ import annotations

import re

import pytest

from migrator.core.findings import LineRange
from migrator.core.linemap import Hunk
from migrator.core.tree import Entry, Mode, Tree, UnsafePathError
from migrator.core.udiff import DiffConflictError, parse_diff
from migrator.core.udiff_apply import DiffResult, apply_diff

HEAD = b"--- a/f\n+++ b/f\n"
MARKER = b"\\ No newline at end of file\n"
TEN = b"".join(b"%d\n" % n for n in range(1, 11))


def applied(tree: Tree, diff: bytes) -> DiffResult:
    return apply_diff(tree, parse_diff(diff, name="x.diff"), name="x.diff")


def patched(before: bytes, hunks: bytes) -> bytes:
    return applied({"f": Entry(before)}, HEAD + hunks).tree["f"].data


def conflict(tree: Tree, diff: bytes) -> DiffConflictError:
    before = dict(tree)
    with pytest.raises(DiffConflictError) as caught:
        applied(tree, diff)
    assert tree == before
    assert caught.value.hint
    return caught.value


def link(target: bytes) -> Entry:
    return Entry(target, Mode.LINK)


FIVE_TO_X = b"@@ -3,5 +3,5 @@\n 3\n 4\n-5\n+x\n 6\n 7\n"


def test_a_hunk_at_its_place() -> None:
    result = applied({"f": Entry(TEN, Mode.EXECUTABLE)}, HEAD + FIVE_TO_X)
    assert result.tree == {"f": Entry(TEN.replace(b"5", b"x"), Mode.EXECUTABLE)}
    (file,) = result.files
    assert (file.path, file.old_path, file.deleted) == ("f", "f", False)
    assert file.hunks == (Hunk(LineRange(5, 1), LineRange(5, 1)),)
    assert (file.moved, result.notes) == ((0,), ())


def test_the_runs_of_a_hunk_are_told_apart() -> None:
    hunk = b"@@ -1,5 +1,5 @@\n-1\n+one\n+and\n 2\n-3\n 4\n-5\n+five\n"
    (file,) = applied({"f": Entry(TEN)}, HEAD + hunk).files
    assert file.hunks == (
        Hunk(LineRange(1, 1), LineRange(1, 2)),
        Hunk(LineRange(3, 1), LineRange(4, 0)),
        Hunk(LineRange(5, 1), LineRange(5, 1)),
    )


def test_runs_are_counted_as_line_maps_count_lines() -> None:
    """A lone CR ends no line for git, but it does for Python and for `linemap`."""
    (file,) = applied({"f": Entry(b"a\rb\nc\n")}, HEAD + b"@@ -1,2 +1,2 @@\n a\rb\n-c\n+d\n").files
    assert file.hunks == (Hunk(LineRange(3, 1), LineRange(3, 1)),)


def test_moved_hunks_are_found_and_noted() -> None:
    before = b"new\n" * 3 + TEN
    result = applied({"f": Entry(before)}, HEAD + FIVE_TO_X + b"@@ -9,2 +9,2 @@\n 9\n-10\n+y\n")
    assert result.tree["f"].data == before.replace(b"5", b"x").replace(b"10", b"y")
    assert result.files[0].moved == (3, 3)
    assert result.files[0].hunks[0] == Hunk(LineRange(8, 1), LineRange(8, 1))
    assert result.notes == ("hunk 1 of f found 3 lines further down", "hunk 2 of f found 3 lines further down")


def test_a_hunk_found_further_up() -> None:
    result = applied({"f": Entry(TEN[2:])}, HEAD + FIVE_TO_X)
    assert result.notes == ("hunk 1 of f found 1 line further up",)


def test_the_place_above_is_carried_on_where_lines_recur() -> None:
    before = b"top\n" + b"a\nb\nc\n" * 3
    after = patched(before, b"@@ -0,0 +1 @@\n+new\n" + b"@@ -5,3 +6,3 @@\n a\n-b\n+x\n c\n")
    assert after == b"new\ntop\na\nb\nc\na\nx\nc\na\nb\nc\n"


def test_a_place_that_is_not_the_only_one_is_a_conflict() -> None:
    error = conflict({"f": Entry(b"top\n\na\nb\n\na\nb\n")}, HEAD + b"@@ -1,2 +1,2 @@\n a\n-b\n+x\n")
    assert error.message == "x.diff:3: hunk 1 of f: does not fit at line 1, but fits at lines 3 and 6"
    many = conflict({"f": Entry(b"\n" + b"a\n" * 9)}, HEAD + b"@@ -1 +1 @@\n-a\n+x\n")
    assert many.message.endswith("fits at lines 2, 3, 4, 5, ... and 10")


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (TEN.replace(b"6", b"six"), "at line 6 expected '6\\n', found 'six\\n'"),
        (TEN.replace(b"4\n", b"4\r\n"), "at line 4 expected '4\\n', found '4\\r\\n'"),
        (TEN.replace(b"4\n", b"4 \n"), "at line 4 expected '4\\n', found '4 \\n'"),
        (b"1\n2\n3\n4\n5\n6\n", "at line 7 expected '7\\n', found the end of the file"),
        (b"1\n2\n3\n4\n5\n6\n7", "at line 7 expected '7\\n', found '7'"),
        (b"", "at line 3 expected '3\\n', found the end of the file"),
    ],
)
def test_there_is_no_fuzz(before: bytes, message: str) -> None:
    error = conflict({"f": Entry(before)}, HEAD + FIVE_TO_X)
    assert error.message == f"x.diff:3: hunk 1 of f: does not fit: {message}"
    assert "drifted" in error.hint


def test_hunks_keep_their_order() -> None:
    before = b"8\n9\n1\n2\n"
    error = conflict({"f": Entry(before)}, HEAD + b"@@ -1,2 +1,2 @@\n 1\n-2\n+x\n@@ -8,2 +8,2 @@\n-8\n+y\n 9\n")
    assert error.message.startswith("x.diff:7: hunk 2 of f: fits only at line 1, inside or above hunk 1")


@pytest.mark.parametrize(
    ("before", "hunks", "after"),
    [
        (b"a\nb\n", b"@@ -1,0 +2 @@\n+x\n", b"a\nx\nb\n"),
        (b"a\nb\n", b"@@ -0,0 +1 @@\n+x\n", b"x\na\nb\n"),
        (b"a\nb\n", b"@@ -2,0 +3 @@\n+x\n", b"a\nb\nx\n"),
        (b"a\nb\n", b"@@ -2,0 +3 @@\n+x\n" + MARKER, b"a\nb\nx"),
        (b"a\nb\n", b"@@ -0,0 +1 @@\n+x\n@@ -1 +2 @@\n-a\n+y\n@@ -1,0 +3 @@\n+z\n", b"x\ny\nz\nb\n"),
        (b"a\nb\nc\n", b"@@ -1 +0,0 @@\n-a\n@@ -2,0 +2 @@\n+x\n@@ -3 +3 @@\n-c\n+y\n", b"b\nx\ny\n"),
        (b"", b"@@ -0,0 +1,2 @@\n+a\n+b\n", b"a\nb\n"),
        (b"a\n", b"@@ -1 +0,0 @@\n-a\n", b""),
    ],
)
def test_hunks_without_context(before: bytes, hunks: bytes, after: bytes) -> None:
    assert patched(before, hunks) == after


@pytest.mark.parametrize(
    ("before", "hunks", "problem"),
    [
        (b"a\n", b"@@ -3,0 +4 @@\n+x\n", "expected that line, found the end of the file at line 1"),
        (b"a", b"@@ -1,0 +2 @@\n+x\n", "expected a newline at its end, found none"),
        (b"a\nb\n", b"@@ -1,0 +2 @@\n+x\n" + MARKER, "at line 2 expected the end of the file, found 'b\\n'"),
        (b"\n\na\nb\n", b"@@ -1 +1 @@\n-a\n+x\n@@ -2,0 +3 @@\n+y\n", "was found 2 lines further down"),
    ],
)
def test_hunks_without_context_never_move(before: bytes, hunks: bytes, problem: str) -> None:
    assert problem in conflict({"f": Entry(before)}, HEAD + hunks).message


@pytest.mark.parametrize(
    ("before", "rows", "after"),
    [
        (b"a\nb", b" a\n-b\n" + MARKER + b"+b\n", b"a\nb\n"),
        (b"a\nb\n", b" a\n-b\n+b\n" + MARKER, b"a\nb"),
        (b"a\nb", b" a\n-b\n" + MARKER + b"+c\n" + MARKER, b"a\nc"),
        (b"a\nb", b"-a\n+c\n b\n" + MARKER, b"c\nb"),
        (b"a\nb", b"+c\n a\n-b\n" + MARKER, b"c\na\n"),
    ],
)
def test_last_lines_without_newline(before: bytes, rows: bytes, after: bytes) -> None:
    assert patched(before, b"@@ -1,2 +1,2 @@\n" + rows) == after


@pytest.mark.parametrize("before", [b"a\nb\n", b"a\nb\nc"])
def test_a_line_without_newline_fits_only_at_the_end(before: bytes) -> None:
    error = conflict({"f": Entry(before)}, HEAD + b"@@ -1,2 +1,2 @@\n a\n-b\n" + MARKER + b"+b\n")
    assert "expected 'b', found 'b\\n'" in error.message
    error = conflict({"f": Entry(b"a\nb\nc\n")}, HEAD + b"@@ -1,2 +1,2 @@\n a\n-b\n+b\n" + MARKER)
    assert "ends the file: at line 3 expected the end of the file, found 'c\\n'" in error.message


def test_crlf_and_other_line_separators_survive() -> None:
    before = b"a\r\nb\x0c\x85\x1c\r\nc\rd\r\n\xff\r\n"
    after = patched(before, b"@@ -1,4 +1,4 @@\n a\r\n-b\x0c\x85\x1c\r\n+x\x0b\r\n c\rd\r\n \xff\r\n")
    assert after == b"a\r\nx\x0b\r\nc\rd\r\n\xff\r\n"


# files that come, go and move

MAKE = b"diff --git a/n b/n\nnew file mode 100755\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+a\n"
DROP = b"diff --git a/n b/n\ndeleted file mode 100755\n--- a/n\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
NEW = Entry(b"a\n", Mode.EXECUTABLE)


def move(old: bytes, new: bytes, kind: bytes = b"rename") -> bytes:
    return b"diff --git a/%s b/%s\n%s from %s\n%s to %s\n" % (old, new, kind, old, kind, new)


def test_a_file_is_created_and_deleted() -> None:
    made = applied({}, MAKE)
    assert made.tree == {"n": NEW}
    assert (made.files[0].path, made.files[0].old_path) == ("n", "")
    gone = applied(made.tree, DROP)
    assert gone.tree == {}
    assert (gone.files[0].path, gone.files[0].old_path, gone.files[0].deleted) == ("n", "n", True)


def test_an_empty_file_is_created_and_deleted() -> None:
    made = applied({}, b"diff --git a/n b/n\nnew file mode 100644\nindex 0000000..e69de29\n")
    assert made.tree == {"n": Entry(b"")}
    assert applied(made.tree, b"diff --git a/n b/n\ndeleted file mode 100644\nindex e69de29..0000000\n").tree == {}


A, B, C = Entry(b"a\n"), Entry(b"b\n", Mode.EXECUTABLE), Entry(b"c\n")


@pytest.mark.parametrize(
    ("diff", "after"),
    [
        (move(b"a", b"d/a"), {"d/a": A, "b": B, "c": C}),
        (move(b"a", b"b") + move(b"b", b"a"), {"a": B, "b": A, "c": C}),
        (move(b"a", b"b") + move(b"b", b"c") + move(b"c", b"a"), {"a": C, "b": A, "c": B}),
        (move(b"c", b"d") + move(b"b", b"c") + move(b"a", b"b"), {"b": A, "c": B, "d": C}),
        (move(b"a", b"d", b"copy"), {"a": A, "b": B, "c": C, "d": A}),
        (move(b"a", b"d", b"copy") + move(b"a", b"e"), {"b": B, "c": C, "d": A, "e": A}),
        (move(b"a", b"d") + b"--- a/a\n+++ b/d\n@@ -1 +1 @@\n-a\n+x\n", {"b": B, "c": C, "d": Entry(b"x\n")}),
        (
            move(b"a", b"d", b"copy") + b"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+x\n",
            {"a": Entry(b"x\n"), "b": B, "c": C, "d": A},
        ),
        (
            b"diff --git a/a b/d\nold mode 100644\nnew mode 100755\nrename from a\nrename to d\n",
            {"b": B, "c": C, "d": Entry(b"a\n", Mode.EXECUTABLE)},
        ),
    ],
)
def test_renames_and_copies_speak_of_the_tree_as_it_was(diff: bytes, after: Tree) -> None:
    before = {"a": A, "b": B, "c": C}
    assert applied(before, diff).tree == after
    assert before == {"a": A, "b": B, "c": C}


def test_modes_and_links() -> None:
    mode = b"diff --git a/f b/f\nold mode 100644\nnew mode 100755\n"
    assert applied({"f": A}, mode).tree == {"f": Entry(b"a\n", Mode.EXECUTABLE)}
    relink = b"diff --git a/l b/l\nindex 1234567..89abcde 120000\n--- a/l\n+++ b/l\n@@ -1 +1 @@\n"
    relink += b"-f\n" + MARKER + b"+g\n" + MARKER
    assert applied({"l": link(b"f")}, relink).tree == {"l": link(b"g")}
    gone = b"diff --git a/l b/l\ndeleted file mode 120000\n--- a/l\n+++ /dev/null\n@@ -1 +0,0 @@\n-f\n" + MARKER
    made = b"diff --git a/l b/l\nnew file mode 100644\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+a\n"
    assert applied({"l": link(b"f")}, gone + made).tree == {"l": A}


def test_a_submodule_moves_on() -> None:
    one, two = b"1" * 40, b"2" * 40
    head = b"diff --git a/m b/m\nindex %s..%s 160000\n--- a/m\n+++ b/m\n@@ -1 +1 @@\n" % (one, two)
    diff = head + b"-Subproject commit %s\n+Subproject commit %s\n" % (one, two)
    assert applied({"m": Entry(one, Mode.GITLINK)}, diff).tree == {"m": Entry(two, Mode.GITLINK)}
    broken = head + b"-Subproject commit %s\n+Subproject commit x\n" % one
    assert "expected a submodule's commit" in conflict({"m": Entry(one, Mode.GITLINK)}, broken).message


@pytest.mark.parametrize(
    ("tree", "diff", "problem"),
    [
        ({"n": A}, MAKE, "n: expected no such file, found one"),
        ({"n/x": A}, MAKE, "n: expected no such path, found a folder"),
        ({"n": A}, MAKE.replace(b"b/n", b"b/n/x").replace(b"a/n", b"a/n/x"), "n/x: expected a folder n, found a file"),
        ({"n": Entry(b"a\nb\n", Mode.EXECUTABLE)}, DROP, "n: deletes a file of 1 line, but found one of 2"),
        ({"n": Entry(b"b\n", Mode.EXECUTABLE)}, DROP, "hunk 1 of n: does not fit"),
        ({"n": Entry(b"a\n")}, DROP, "n: expected the mode 100755, found 100644"),
        ({}, HEAD + FIVE_TO_X, "f: expected the file f, found none"),
        ({"a": A, "b": B}, move(b"a", b"b"), "b: expected no such file, found one"),
        ({"a": A, "b": B}, move(b"a", b"b", b"copy"), "b: expected no such file, found one"),
        ({"b": B}, move(b"a", b"c"), "c: expected the file a, found none"),
        ({"f": B}, b"diff --git a/f b/f\nold mode 100644\nnew mode 100755\n", "expected the mode 100644, found 100755"),
        ({"e": A}, b"diff --git a/e b/e\ndeleted file mode 100644\n", "deletes a file of 0 lines, but found one of 1"),
    ],
)
def test_files_that_are_not_as_stated_are_conflicts(tree: Tree, diff: bytes, problem: str) -> None:
    message = conflict(tree, diff).message
    assert re.match(r"x\.diff:\d+: ", message)
    assert problem in message


def test_one_conflict_keeps_the_whole_diff_out() -> None:
    good = b"--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+x\n"
    error = conflict({"a": A, "b": B}, good + good.replace(b"/a\n", b"/b\n"))
    assert error.message.startswith("x.diff:8: hunk 1 of b: ")


def test_a_full_id_tells_a_drifted_file() -> None:
    # the id that `printf 'a\n' | git hash-object --stdin` prints
    head = b"diff --git a/f b/f\nindex 78981922613b2afb6025042ff6bd878ac1994e85..%s 100644\n" % (b"0" * 39 + b"1")
    diff = head + HEAD + b"@@ -1 +1,2 @@\n a\n+b\n"
    assert applied({"f": A}, diff).tree == {"f": Entry(b"a\nb\n")}
    assert "f: the file drifted: expected the blob 7898" in conflict({"f": Entry(b"\na\n")}, diff).message


# applied already

TOP = b"@@ -1,3 +1,4 @@\n+x\n 1\n 2\n 3\n"
END = b"@@ -8,3 +8,4 @@\n 8\n 9\n 10\n+x\n"


@pytest.mark.parametrize(
    ("tree", "diff"),
    [
        ({"f": Entry(TEN)}, HEAD + FIVE_TO_X),
        ({"f": Entry(TEN)}, HEAD + TOP),
        ({"f": Entry(TEN)}, HEAD + END),
        ({"f": Entry(TEN)}, HEAD + TOP + END.replace(b"+8,4", b"+9,4")),
        ({"f": Entry(TEN)}, HEAD + b"@@ -4,0 +5,2 @@\n+x\n+y\n@@ -6,0 +9 @@\n+z\n"),
        ({"f": Entry(b"")}, HEAD + b"@@ -0,0 +1 @@\n+x\n"),
        ({"f": A}, b"diff --git a/f b/f\nold mode 100644\nnew mode 100755\n"),
        ({"n": NEW}, DROP),
        ({}, MAKE),
        ({"a": A}, move(b"a", b"b")),
        ({"a": A}, move(b"a", b"b", b"copy")),
    ],
)
def test_a_diff_applies_once_and_says_so(tree: Tree, diff: bytes) -> None:
    after = applied(tree, diff).tree
    assert "applied already" in conflict(after, diff).hint


def test_a_full_id_lets_lines_be_added_above_the_same_lines() -> None:
    head = b"diff --git a/f b/f\nindex 78981922613b2afb6025042ff6bd878ac1994e85..1234567 100644\n" + HEAD
    assert applied({"f": A}, head + b"@@ -0,0 +1 @@\n+a\n").tree == {"f": Entry(b"a\na\n")}


# paths and links


@pytest.mark.parametrize(
    ("tree", "diff"),
    [
        ({"n": link(b"d"), "d/x": A}, MAKE.replace(b"b/n", b"b/n/y").replace(b"a/n", b"a/n/y")),
        ({"n": link(b"d"), "d/x": A}, b"--- a/n/x\n+++ b/n/x\n@@ -1 +1 @@\n-a\n+b\n"),
        ({"n": link(b"d"), "d/x": A}, move(b"d/x", b"n/x")),
    ],
)  # fmt: skip
def test_nothing_is_written_through_a_link(tree: Tree, diff: bytes) -> None:
    with pytest.raises(UnsafePathError, match=r"^x\.diff:1: the path n/. leads through the link n"):
        applied(tree, diff)


@pytest.mark.parametrize("target", [b"/etc/passwd", b"../f", b"d/../../f"])
def test_links_stay_in_the_tree(target: bytes) -> None:
    head = b"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n"
    with pytest.raises(UnsafePathError, match=r"^x\.diff:1: .* points out of the tree"):
        applied({}, head + b"+" + target + b"\n" + MARKER)


def test_a_link_that_moves_is_checked_again() -> None:
    with pytest.raises(UnsafePathError):
        applied({"d/l": link(b"../f")}, move(b"d/l", b"l"))
