"""Stages: layers in order, and every change and finding in the stage's own coordinates."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.config import make_target
from migrator.core.api_map import ApiMap
from migrator.core.edits import Edit, Fix
from migrator.core.file import Context, File
from migrator.core.findings import Finding, LineRange
from migrator.core.layers import AnyLayer, DiffLayer, FilesLayer, RuleLayer, Stage, StageResult, Status
from migrator.core.linemap import touches
from migrator.core.rule import Rule
from migrator.core.rule_layer import DriftError
from migrator.core.stages import Toolbox, apply_stage
from migrator.core.tree import Entry, Mode, Tree
from migrator.errors import LayerError

if TYPE_CHECKING:
    from libcst.codemod import Codemod

MakeRule = Callable[..., Rule]


def no_codemod(name: str) -> type[Codemod]:
    raise AssertionError(name)


def tree(**files: str) -> dict[str, Entry]:
    return {f"{name}.py": Entry(text.encode()) for name, text in files.items()}


def staged(context: Context, before: Tree, layers: list[AnyLayer], *rules: Rule) -> StageResult:
    toolbox = Toolbox(context, {rule.name: rule for rule in rules}, no_codemod)
    return apply_stage(Stage("minimal", "", tuple(layers)), before, before, toolbox)


def rules_layer(*names: str, name: str = "rules", **others: object) -> RuleLayer:
    return RuleLayer(name, "why", "where", rules=names, **others)  # type: ignore[arg-type]


def replaced(old: str, new: str) -> Callable[[Rule, ast.AST, File], Iterator[Fix]]:
    """A visit that replaces whole statements of one name by lines."""

    def visit(rule: Rule, node: ast.AST, file: File) -> Iterator[Fix]:
        if isinstance(node, ast.Expr) and file.text(node) == old:
            start, end = file.source.span(node)
            yield rule.fix([Edit(start, file.source.line_end(end), new.encode())])

    return visit


@pytest.fixture
def grow(make_rule: MakeRule) -> Rule:
    return make_rule(replaced("grow", "a\nb\n"), nodes=(ast.Expr,), needles=(b"grow",), name="grow")


@pytest.fixture
def shrink(make_rule: MakeRule) -> Rule:
    return make_rule(replaced("shrink", ""), nodes=(ast.Expr,), needles=(b"shrink",), name="shrink")


@pytest.fixture
def report(make_rule: MakeRule) -> Rule:
    def visit(rule: Rule, node: ast.AST, file: File) -> Iterator[Finding]:
        if isinstance(node, ast.Name) and node.id == "left":
            yield rule.finding(file, node, "is left", "do it by hand")

    return make_rule(visit, needles=(b"left",), name="report")


def diff(text: str, name: str = "diff") -> DiffLayer:
    return DiffLayer(name, "why", "where", diff=text.encode())


def places(result: StageResult) -> list[tuple[str, int, int, int, int]]:
    return [(c.rule, c.before.start, c.before.count, c.after.start, c.after.count) for c in result.changes]


def test_changes_of_several_layers_stand_in_the_stages_own_lines(context: Context, grow: Rule, shrink: Rule) -> None:
    before = tree(a="shrink\nx\ngrow\ny\nshrink\ngrow\n")
    result = staged(context, before, [rules_layer("grow"), rules_layer("shrink", name="second")], grow, shrink)
    assert result.tree["a.py"].data == b"x\na\nb\ny\na\nb\n"
    assert places(result) == [
        ("grow", 3, 1, 2, 2),
        ("grow", 6, 1, 5, 2),
        ("shrink", 1, 1, 1, 0),
        ("shrink", 5, 1, 5, 0),
    ]
    assert [c.fix for c in result.changes] == [1, 2, 3, 4]
    assert {(c.stage, c.file, c.old_file, c.layer) for c in result.changes} == {
        ("minimal", "a.py", "", "rules"),
        ("minimal", "a.py", "", "second"),
    }
    assert before["a.py"].data.startswith(b"shrink")


def test_a_rename_is_followed_in_both_directions(context: Context, grow: Rule, report: Rule) -> None:
    before = tree(a="grow\nx\nleft\ngrow2\n")
    head = "diff --git a/a.py b/b.py\nsimilarity index 60%\nrename from a.py\nrename to b.py\n"
    move = diff(f"{head}--- a/a.py\n+++ b/b.py\n@@ -1,0 +2 @@\n+inserted\n")
    layers = [rules_layer("report"), move, rules_layer("grow")]
    result = staged(context, before, layers, grow, report)
    assert result.tree["b.py"].data == b"a\nb\ninserted\nx\nleft\ngrow2\n"
    inserted, grown = result.changes
    assert (inserted.file, inserted.old_file, inserted.before, inserted.after) == (
        "b.py",
        "a.py",
        LineRange(2, 0),
        LineRange(3, 1),
    )
    assert (grown.file, grown.old_file, grown.before, grown.after) == ("b.py", "a.py", LineRange(1, 1), LineRange(1, 2))
    assert [(f.file, f.line) for f in result.findings] == [("b.py", 5)]


def test_files_that_change_places_are_not_mixed_up(context: Context) -> None:
    swap = "".join(
        f"diff --git a/{a}.py b/{b}.py\nsimilarity index 50%\nrename from {a}.py\nrename to {b}.py\n"
        f"--- a/{a}.py\n+++ b/{b}.py\n@@ -{at},0 +{at + 1} @@\n+new {a}\n"
        for a, b, at in (("one", "two", 1), ("two", "one", 2))
    )
    result = staged(context, tree(one="1\n2\n", two="3\n4\n"), [diff(swap)])
    assert result.tree["two.py"].data == b"1\nnew one\n2\n"
    assert [(c.old_file, c.file, c.before.start, c.after.start) for c in result.changes] == [
        ("one.py", "two.py", 2, 2),
        ("two.py", "one.py", 3, 3),
    ]


def test_a_new_file_has_no_lines_before_also_when_a_later_layer_changes_it(context: Context, grow: Rule) -> None:
    layers = [FilesLayer("files", "why", "where", files=tree(new="x\ngrow\n")), rules_layer("grow")]
    result = staged(context, {}, layers, grow)
    assert [(c.file, c.old_file, c.before, c.after) for c in result.changes] == [
        ("new.py", "", LineRange(1, 0), LineRange(1, 3)),
        ("new.py", "", LineRange(1, 0), LineRange(2, 2)),
    ]


def test_a_deleted_file_keeps_its_name(context: Context) -> None:
    gone = "diff --git a/a.py b/a.py\ndeleted file mode 100644\n--- a/a.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-x\n-y\n"
    (change,) = staged(context, tree(a="x\ny\n"), [diff(gone)]).changes
    assert (change.file, change.before, change.after.count, change.text_before) == (
        "a.py",
        LineRange(1, 2),
        0,
        "x\ny\n",
    )


def test_lone_carriage_returns_end_lines_in_every_layer(context: Context, grow: Rule) -> None:
    insert = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -2,0 +3 @@\n+new\n"
    result = staged(context, tree(a="1\r2\r3\ngrow\n4\r5\n"), [rules_layer("grow"), diff(insert)], grow)
    assert [(c.before, c.after, c.text_after) for c in result.changes] == [
        (LineRange(4, 1), LineRange(4, 3), "a\nb\n"),
        (LineRange(4, 1), LineRange(5, 1), "new\n"),
    ]


def test_findings_move_with_later_changes_and_go_when_their_line_does(
    context: Context, grow: Rule, shrink: Rule, report: Rule
) -> None:
    before = tree(a="shrink\ngrow\nleft\nleft.x\n")
    touched = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -4 +4 @@\n-left\n+right\n"
    layers = [rules_layer("report", "grow"), diff(touched), rules_layer("shrink")]
    result = staged(context, before, layers, grow, shrink, report)
    assert result.tree["a.py"].data == b"a\nb\nright\nleft.x\n"
    assert [(f.line, f.api) for f in result.findings] == [(4, "left")]


def test_a_finding_whose_api_is_still_there_stays_when_its_line_changes(context: Context, report: Rule) -> None:
    touched = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1,2 @@\n-f(left, 1)\n+x = 2\n+f(left, x)\n"
    result = staged(context, tree(a="f(left, 1)\n"), [rules_layer("report"), diff(touched)], report)
    assert [(f.line, f.api) for f in result.findings] == [(2, "left")]


def test_the_same_finding_of_two_layers_is_given_once(context: Context, report: Rule) -> None:
    result = staged(context, tree(a="left\n"), [rules_layer("report"), rules_layer("report", name="again")], report)
    assert [len(outcome.findings) for outcome in result.outcomes] == [1, 0]


def test_status(context: Context, grow: Rule, shrink: Rule) -> None:
    layers = [
        rules_layer("grow"),
        rules_layer("shrink", name="none", optional=frozenset({"shrink"})),
        rules_layer("shrink", name="eager", modes=frozenset({"eager"})),
        rules_layer("shrink", name="agnostic", styles=frozenset({"agnostic"})),
        rules_layer("shrink", name="old", releases="<1.10"),
    ]
    result = staged(context, tree(a="grow\n"), layers, grow, shrink)
    assert [(outcome.layer, outcome.status) for outcome in result.outcomes] == [
        ("rules", Status.APPLIED),
        ("none", Status.NOOP),
        ("eager", Status.SKIPPED),
        ("agnostic", Status.SKIPPED),
        ("old", Status.SKIPPED),
    ]


def test_layers_hold_for_the_target_they_name(grow: Rule) -> None:
    context = Context(make_target("1.20", "eager", None, None), ApiMap())
    layers = [
        rules_layer("grow", modes=frozenset({"eager"})),
        rules_layer("grow", name="old", releases="<1.10", optional=frozenset({"grow"})),
    ]
    assert [o.status for o in staged(context, tree(a="grow\n"), layers, grow).outcomes] == [
        Status.APPLIED,
        Status.SKIPPED,
    ]


def test_an_expected_rule_that_finds_nothing_is_drift(context: Context, grow: Rule, report: Rule, shrink: Rule) -> None:
    layer = rules_layer("grow", "shrink", "report", optional=frozenset({"report"}))
    with pytest.raises(DriftError, match="'rules': expected to match but found nothing: shrink"):
        staged(context, tree(a="grow\n"), [layer], grow, shrink, report)
    assert staged(context, tree(a="left\n"), [rules_layer("report")], report).findings
    with pytest.raises(LayerError, match="names unknown rules: other"):
        staged(context, tree(a="grow\n"), [rules_layer("grow", "other")], grow)


def test_rules_see_only_the_files_that_the_layer_selects(context: Context, grow: Rule) -> None:
    before = {
        "a.py": Entry(b"grow\n", Mode.EXECUTABLE),
        "b/c.py": Entry(b"grow\n"),
        "b/d.py": Entry(b"grow\n"),
        "e.txt": Entry(b"grow\n"),
        "f.py": Entry(b"grow", Mode.LINK),
        "g.py": Entry(b"nothing here"),
    }
    result = staged(context, before, [rules_layer("grow", files=("**/*.py", "!b/c.py"))], grow)
    assert {path for path in before if result.tree[path] != before[path]} == {"a.py", "b/d.py"}
    assert result.tree["a.py"].mode is Mode.EXECUTABLE
    assert result.tree["g.py"] is before["g.py"]


@pytest.mark.parametrize(
    ("path", "message"),
    [("a.py", r"a\.py exists already"), ("a.py/b.py", r"a\.py exists already, and is no folder"), ("c", "c exists")],
)
def test_files_are_only_added_where_nothing_is(context: Context, path: str, message: str) -> None:
    before = {"a.py": Entry(b""), "c/d.py": Entry(b"")}
    with pytest.raises(DriftError, match=message):
        staged(context, before, [FilesLayer("files", "", "", files={path: Entry(b"x")})])


def test_added_files_stay_inside_the_tree(context: Context) -> None:
    for path, entry in (("../x", Entry(b"")), ("/x", Entry(b"")), ("x", Entry(b"../y", Mode.LINK))):
        with pytest.raises(LayerError, match="tree"):
            staged(context, {}, [FilesLayer("files", "", "", files={path: entry})])


NAMES = [f"v{number}" for number in range(12)]


@st.composite
def random_rules(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Statements and the lines that take their place; the new lines can hold statements of later rules."""
    olds = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    rules = []
    for number, old in enumerate(olds):
        later = st.sampled_from([*olds[number + 1 :], f"n{number}"])
        rules.append((old, "".join(f"{line}\n" for line in draw(st.lists(later, max_size=3)))))
    return rules


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=10, unique=True), random_rules(), st.integers(0, 4))
def test_every_difference_is_explained_and_nothing_else_changed(
    make_rule: MakeRule, context: Context, lines: list[str], made: list[tuple[str, str]], cut: int
) -> None:
    rules = [make_rule(replaced(old, new), nodes=(ast.Expr,), needles=(b"",), name=f"{old}-rule") for old, new in made]
    names = [rule.name for rule in rules]
    layers: list[AnyLayer] = [
        rules_layer(*part, name=f"layer {at}", optional=frozenset(part))
        for at, part in enumerate((names[:cut], names[cut:]))
    ]
    before = tree(a="".join(f"{line}\n" for line in lines))
    result = staged(context, before, layers, *rules)
    after = result.tree["a.py"].data.decode().splitlines()
    kept_before = set(range(1, len(lines) + 1)) - {
        n for c in result.changes for n in range(c.before.start, c.before.stop)
    }
    kept_after = set(range(1, len(after) + 1)) - {n for c in result.changes for n in range(c.after.start, c.after.stop)}
    assert [lines[n - 1] for n in sorted(kept_before)] == [after[n - 1] for n in sorted(kept_after)]
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, lines, after, autojunk=False).get_opcodes():
        old, new = LineRange(i1 + 1, i2 - i1), LineRange(j1 + 1, j2 - j1)
        assert tag == "equal" or any(touches(c.before, old) or touches(c.after, new) for c in result.changes)
