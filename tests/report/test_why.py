"""Explanations: each hunk of a diff finds the changes that made it, over several stages and through renames."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from migrator.core.findings import Change, Kind, LineRange
from migrator.core.linemap import Hunk
from migrator.core.tree import Entry, Tree
from migrator.report.filediff import FileDiff
from migrator.report.hunks import parse
from migrator.report.trails import StageStep, stage_map
from migrator.report.why import FileWhy, explain


def change(
    before: tuple[int, int], after: tuple[int, int], rule: str, *, file: str = "f", old_file: str = ""
) -> Change:
    ranges = LineRange(*before), LineRange(*after)
    return Change("s", "l", file, *ranges, rule, Kind.MATCH, "", "", "because", "source", 1, old_file)


def tree(lines: str, path: str = "f") -> Tree:
    return {path: Entry("".join(f"{line}\n" for line in lines).encode())}


def step(old: str, new: str, *changes: Change) -> StageStep:
    return StageStep(tree(old), tree(new), changes)


def diff(old: bytes, new: bytes, head: str = "") -> FileDiff:
    """The diff difflib makes of two texts, in git's form."""
    before, after = (text.decode().splitlines(keepends=True) for text in (old, new))
    body = "".join(difflib.unified_diff(before, after, "a/f", "b/f"))
    return parse(f"diff --git a/f b/f\n{head}{body}".encode())[0]


def of(steps: list[StageStep]) -> FileDiff:
    return diff(steps[0].before["f"].data, steps[-1].after["f"].data)


def rules(why: FileWhy) -> list[list[str]]:
    return [[found.rule for found in hunk.changes] for hunk in why.hunks]


def test_each_hunk_finds_its_own_change() -> None:
    steps = [step("abcdefghijklmnop", "aBcdefghijklmnOOp", change((2, 1), (2, 1), "b"), change((15, 1), (15, 2), "o"))]
    assert rules(explain(of(steps), steps)) == [["b"], ["o"]]


def test_an_unexplained_run_is_named_although_its_hunk_has_an_explanation() -> None:
    steps = [step("abcdef", "aBcdEf", change((2, 1), (2, 1), "b"))]
    (why,) = explain(of(steps), steps).hunks
    assert [found.rule for found in why.changes] == ["b"]
    assert why.unexplained == (Hunk(LineRange(5, 1), LineRange(5, 1)),)


def test_stages_add_up() -> None:
    steps = [
        step("abcdefghijklmnop", "aXbcdefghijklmnop", change((2, 0), (2, 1), "x")),
        step("aXbcdefghijklmnop", "aXbcdefghijklmNNop", change((15, 1), (15, 2), "n")),
        step("aXbcdefghijklmNNop", "aYbcdefghijklmNNop", change((2, 1), (2, 1), "y")),
    ]
    assert rules(explain(of(steps), steps)) == [["x", "y"], ["n"]]


def test_what_a_stage_undoes_is_no_part_of_the_diff() -> None:
    steps = [
        step("abcdefghijklmnop", "aBcdefghijklmnop", change((2, 1), (2, 1), "there")),
        step("aBcdefghijklmnop", "abcdefghijklmnoP", change((2, 1), (2, 1), "back"), change((16, 1), (16, 1), "p")),
    ]
    assert rules(explain(of(steps), steps)) == [["p"]]


def test_among_equal_lines_the_change_is_found_where_the_diff_puts_it() -> None:
    # put in before the first x; a diff tells of one after the last
    steps = [step("abxxxcdefgh", "abxxxxcdefgh", change((3, 0), (3, 1), "x"))]
    file = parse(b"diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -3,6 +3,7 @@\n x\n x\n x\n+x\n c\n d\n e\n")[0]
    assert rules(explain(file, steps)) == [["x"]]
    assert explain(file, steps).explained


def test_a_renamed_file_is_followed() -> None:
    first = StageStep(tree("abcdef"), tree("aBcdef", "g"), [change((2, 1), (2, 1), "b", file="g", old_file="f")])
    last = StageStep(first.after, tree("aBcdeF", "h"), [change((6, 1), (6, 1), "f", file="h", old_file="g")])
    head = "rename from f\nrename to h\n"
    file = diff(first.before["f"].data, last.after["h"].data, head)
    assert rules(explain(file, [first, last])) == [["b", "f"]]


def test_a_rename_that_only_git_sees() -> None:
    deleted, added = change((1, 6), (1, 0), "out"), change((1, 0), (1, 6), "in", file="g")
    steps = [StageStep(tree("abcdef"), tree("aBcdef", "g"), [deleted, added])]
    file = diff(steps[0].before["f"].data, steps[0].after["g"].data, "rename from f\nrename to g\n")
    assert rules(explain(file, steps)) == [["out", "in"]]


def test_a_rename_that_git_does_not_see() -> None:
    moved = change((1, 2), (1, 2), "all", file="g", old_file="f")
    steps = [StageStep(tree("ab"), tree("xy", "g"), [moved])]
    gone = parse(b"diff --git a/f b/f\ndeleted file mode 100644\n--- a/f\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n")[0]
    new = parse(b"diff --git a/g b/g\nnew file mode 100644\n--- /dev/null\n+++ b/g\n@@ -0,0 +1,2 @@\n+x\n+y\n")[0]
    assert rules(explain(gone, steps)) == rules(explain(new, steps)) == [["all"]]


def test_a_file_added_then_changed() -> None:
    steps = [
        StageStep({}, tree("abcdefgh"), [change((1, 0), (1, 8), "new")]),
        step("abcdefgh", "abcdefgH", change((8, 1), (8, 1), "h")),
    ]
    file = parse(b"diff --git a/f b/f\nnew file mode 100644\n" + b"--- /dev/null\n+++ b/f\n@@ -0,0 +1,8 @@\n"
                 + b"".join(b"+%c\n" % c for c in b"abcdefgH"))[0]  # fmt: skip
    assert rules(explain(file, steps)) == [["new", "h"]]


def test_a_change_without_lines_explains_the_file() -> None:
    mode = change((1, 0), (1, 0), "mode")
    file = parse(b"diff --git a/f b/f\nold mode 100644\nnew mode 100755\n")[0]
    assert explain(file, [step("ab", "ab", mode)]).file.changes == (mode,)
    assert not explain(file, [step("ab", "ab")]).explained


def test_a_carriage_return_alone_ends_a_line_of_a_record_but_not_of_git() -> None:
    old, new = b"a\rb\nc\nd\ne\nf\ng\n", b"a\rb\nc\nd\ne\nF\ng\n"
    steps = [StageStep({"f": Entry(old)}, {"f": Entry(new)}, [change((6, 1), (6, 1), "f")])]
    file = parse(b"diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -5 +5 @@\n-f\n+F\n")[0]
    assert rules(explain(file, steps)) == [["f"]]


def test_records_that_do_not_tell_all_are_not_believed() -> None:
    told = stage_map([b"a", b"b", b"c"], [b"A", b"b", b"C"], [change((1, 1), (1, 1), "a")])
    assert told.hunks == (Hunk(LineRange(1, 1), LineRange(1, 1)), Hunk(LineRange(3, 1), LineRange(3, 1)))


@st.composite
def edited(draw: st.DrawFn, old: str) -> tuple[str, list[Change]]:
    """A text made from `old` by random edits, and a record of each of them."""
    new, at = "", 0
    changes: list[Change] = []
    for place in sorted(draw(st.sets(st.integers(0, len(old)), max_size=4))):
        if place < at:
            continue
        new += old[at:place]
        stop = min(len(old), place + draw(st.integers(0, 3)))
        put = draw(st.text("abc", max_size=3))
        changes.append(change((place + 1, stop - place), (len(new) + 1, len(put)), f"rule-{len(changes)}"))
        new, at = new + put, stop
    return new + old[at:], changes


@given(st.data(), st.text("abc", max_size=30), st.integers(1, 3))
def test_every_line_of_every_diff_is_explained(data: st.DataObject, text: str, stages: int) -> None:
    steps = []
    for _ in range(stages):
        new, changes = data.draw(edited(text))
        steps.append(step(text, new, *changes))
        text = new
    file = of(steps)
    assert explain(file, steps).explained or not file.hunks
