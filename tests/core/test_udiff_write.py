"""Diffs written for pairs of trees, and that they lead from one tree to the other."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.core.linemap import line_starts
from migrator.core.tree import Entry, Mode, Tree
from migrator.core.udiff import parse_diff
from migrator.core.udiff_apply import apply_diff
from migrator.core.udiff_write import BinaryFileError, write_diff

A = Entry(b"a\n")


def test_a_changed_file() -> None:
    before = b"".join(b"%d\n" % n for n in range(1, 11))
    assert write_diff({"f": Entry(before)}, {"f": Entry(before.replace(b"6", b"six"))}) == (
        b"diff --git a/f b/f\nindex f00c965..a7abf89 100644\n--- a/f\n+++ b/f\n"
        b"@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        ({"f": A}, {"f": A}, b""),
        ({}, {"f": A}, b"diff --git a/f b/f\nnew file mode 100644\nindex 0000000..7898192\n--- /dev/null\n+++ b/f\n"
         b"@@ -0,0 +1 @@\n+a\n"),
        ({"f": A}, {}, b"diff --git a/f b/f\ndeleted file mode 100644\nindex 7898192..0000000\n--- a/f\n+++ /dev/null\n"
         b"@@ -1 +0,0 @@\n-a\n"),
        ({}, {"f": Entry(b"")}, b"diff --git a/f b/f\nnew file mode 100644\nindex 0000000..e69de29\n"),
        ({"f": A}, {"f": Entry(b"a\n", Mode.EXECUTABLE)}, b"diff --git a/f b/f\nold mode 100644\nnew mode 100755\n"),
        ({"f": A}, {"g": A}, b"diff --git a/f b/g\nsimilarity index 100%\nrename from f\nrename to g\n"),
        ({"f": A, "d/g": A}, {"e/g": A, "h": A},
         b"diff --git a/d/g b/e/g\nsimilarity index 100%\nrename from d/g\nrename to e/g\n"
         b"diff --git a/f b/h\nsimilarity index 100%\nrename from f\nrename to h\n"),
        ({"f": Entry(b"a")}, {"f": A}, b"diff --git a/f b/f\nindex 2e65efe..7898192 100644\n--- a/f\n+++ b/f\n"
         b"@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
        ({"x y": Entry(b"")}, {"x y": A}, b"diff --git a/x y b/x y\nindex e69de29..7898192 100644\n"
         b"--- a/x y\t\n+++ b/x y\t\n@@ -0,0 +1 @@\n+a\n"),
        ({'"é': Entry(b"")}, {}, b'diff --git "a/\\"\\303\\251" "b/\\"\\303\\251"\ndeleted file mode 100644\n'
         b"index e69de29..0000000\n"),
    ],
)  # fmt: skip
def test_what_git_would_write(old: Tree, new: Tree, diff: bytes) -> None:
    assert write_diff(old, new) == diff


def test_a_file_that_becomes_a_link_goes_and_comes() -> None:
    diff = write_diff({"f": A}, {"f": Entry(b"g", Mode.LINK)})
    assert diff.startswith(b"diff --git a/f b/f\ndeleted file mode 100644\n")
    assert b"diff --git a/f b/f\nnew file mode 120000\n" in diff


def test_a_prefix_stands_before_every_path() -> None:
    old, new = {"f": A, "g": Entry(b"g\n")}, {"f": Entry(b"b\n"), "h": Entry(b"g\n")}
    diff = write_diff(old, new, prefix="PyTorch/BERT/")
    assert b"rename from PyTorch/BERT/g\nrename to PyTorch/BERT/h\n" in diff
    below = {f"PyTorch/BERT/{path}": entry for path, entry in old.items()}
    result = apply_diff(below, parse_diff(diff, name="x"), name="x").tree
    assert result == {f"PyTorch/BERT/{path}": entry for path, entry in new.items()}


@pytest.mark.parametrize("old", [{}, {"w": A}])
def test_a_binary_change_is_refused_by_name(old: Tree) -> None:
    with pytest.raises(BinaryFileError, match=r"^PyTorch/w is binary"):
        write_diff(old, {"w": Entry(b"a\0\n")}, prefix="PyTorch/")


def test_a_binary_file_may_move_and_change_its_mode() -> None:
    old, new = {"w": Entry(b"\0")}, {"v": Entry(b"\0", Mode.EXECUTABLE)}
    assert apply_diff(old, parse_diff(write_diff(old, new), name="x"), name="x").tree == new


# Lines that look like parts of a diff, that recur, and that end in other ways than LF.
LINES = [
    b"a\n",
    b"b\n",
    b"\n",
    b"c\r\n",
    b"-- x\n",
    b"++ y\n",
    b"@@ -1 +1 @@\n",
    b"\\ z\n",
    b"\x0c\xff\x85\n",
    b"d\re\n",
]
NAMES = ["a", "b c", "d/e", "d/b", 'q"x', "é", "\udcff", "p b/p", " s ", "-x"]

lines = st.lists(st.sampled_from(LINES), max_size=12)
texts = st.tuples(lines, st.sampled_from([b"", b"end", b"\r"])).map(lambda text: b"".join(text[0]) + text[1])
entries = st.one_of(
    st.builds(Entry, texts, st.sampled_from([Mode.FILE, Mode.FILE, Mode.EXECUTABLE])),
    st.just(Entry(b"a", Mode.LINK)),
    st.sampled_from([Entry(digit * 40, Mode.GITLINK) for digit in (b"1", b"2")]),
)
trees = st.dictionaries(st.sampled_from(NAMES), entries, max_size=6)


@st.composite
def edited(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A tree, and one with the same text in other places, some lines more and some less."""
    old = draw(trees)
    new: dict[str, Entry] = dict(draw(trees))
    for entry in old.values():
        kept = entry.data.splitlines(keepends=True)
        at = draw(st.integers(0, len(kept)))
        text = b"".join([*kept[:at], *draw(st.lists(st.sampled_from(LINES), max_size=2)), *kept[at + 1 :]])
        plain = entry.mode in (Mode.FILE, Mode.EXECUTABLE) and draw(st.booleans())
        new[draw(st.sampled_from(NAMES))] = Entry(text, entry.mode) if plain else entry
    return old, new


@given(st.one_of(edited(), st.tuples(trees, trees)))
def test_a_written_diff_leads_from_one_tree_to_the_other(pair: tuple[Tree, Tree]) -> None:
    old, new = pair
    result = apply_diff(old, parse_diff(write_diff(old, new), name="x"), name="x")
    assert result.tree == new
    assert result.notes == ()


def numbered(data: bytes) -> list[bytes]:
    """The lines of `data` as `linemap` counts them."""
    return [data[start:stop] for start, stop in pairwise([*line_starts(data), len(data)])]


@given(texts, texts)
def test_all_lines_outside_of_the_runs_are_the_same(old: bytes, new: bytes) -> None:
    diff = write_diff({"f": Entry(old)}, {"f": Entry(new)})
    before, after = numbered(old), numbered(new)
    built: list[bytes] = []
    at = 0
    for file in apply_diff({"f": Entry(old)}, parse_diff(diff, name="x"), name="x").files:
        for run in file.hunks:
            built += before[at : run.before.start - 1] + after[run.after.start - 1 : run.after.stop - 1]
            at = run.before.stop - 1
    assert b"".join([*built, *before[at:]]) == new
