"""Modules that a layer added go when a later layer takes away the last import of them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest

from migrator.core.edits import Edit, Fix
from migrator.core.file import Context, File
from migrator.core.findings import Finding
from migrator.core.layers import RuleLayer, Stage, StageResult
from migrator.core.rule import Rule
from migrator.core.stages import Toolbox, apply_stage
from migrator.core.tree import Entry, Mode, Tree

ONE = Entry(b"a = 1\nb = 2\n")
MODULES = {"one": ONE, "two": Entry(b"")}
ADDED = {"one.py": ONE}
Removed = Callable[..., StageResult]


@pytest.fixture
def without(context: Context, make_rule: Callable[..., Rule]) -> Removed:
    """without(tree, **of the layer) -> the stage in which imports that name `one` become `pass`."""

    def visit(rule: Rule, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        if "one" in file.text(node):
            yield rule.fix([Edit(*file.source.span(node), b"pass")])

    rule = make_rule(visit, nodes=(ast.Import, ast.ImportFrom), needles=(b"one",), name="leaver")

    def no_codemod(name: str) -> type:
        raise AssertionError(name)

    def run(tree: Tree, upstream: Tree | None = None, **others: object) -> StageResult:
        facts = {"rules": ("leaver",), "optional": frozenset({"leaver"}), "modules": MODULES, **others}
        layer = RuleLayer("a-layer", "a reason", "a source", **facts)  # type: ignore[arg-type]
        before = {path: entry for path, entry in tree.items() if path not in ADDED} if upstream is None else upstream
        return apply_stage(
            Stage("performance", "", (layer,)), tree, before, Toolbox(context, {"leaver": rule}, no_codemod)
        )

    return run


def test_it_goes_with_its_why(without: Removed) -> None:
    result = without({"x.py": Entry(b"import one\n"), **ADDED})
    assert result.tree == {"x.py": Entry(b"pass\n")}
    gone = result.changes[-1]
    assert (gone.file, gone.text_before, gone.text_after) == ("one.py", "a = 1\nb = 2\n", "")
    assert (gone.before.start, gone.before.count, gone.after.count) == (1, 2, 0)
    assert gone.reason == "x.py no longer imports it, and nothing else does."
    assert gone.fix != result.changes[0].fix


def test_an_empty_one_goes_as_well(without: Removed) -> None:
    tree = {"x.py": Entry(b"from two import one\n"), "two.py": Entry(b"")}
    assert sorted(without(tree, {"x.py": tree["x.py"]}).tree) == ["x.py"]


@pytest.mark.parametrize("code", ["import one\n", "from .one import a\n", "from . import one as o\n", "import p.one\n"])
def test_it_stays_while_another_file_imports_it(without: Removed, code: str) -> None:
    tree = {"x.py": Entry(b"import one\n"), "a/y.py": Entry(code.encode()), **ADDED}
    assert without(tree, files=("x.py",)).tree["one.py"] == ONE


def test_it_stays_while_a_file_that_does_not_parse_names_it(without: Removed) -> None:
    tree = {"x.py": Entry(b"import one\n"), "y.py": Entry(b"import one\nprint 1\n"), **ADDED}
    assert without(tree).tree["one.py"] == ONE


def test_other_words_do_not_keep_it(without: Removed) -> None:
    others = {"y.py": Entry(b"one = 'one'  # import one\n"), "z.md": Entry(b"one\n"), "l": Entry(b"one.py", Mode.LINK)}
    assert "one.py" not in without({"x.py": Entry(b"import one\n"), **others, **ADDED}).tree


def test_what_the_upstream_has_stays(without: Removed) -> None:
    """Also where it is the very module: then the user put it there."""
    tree = {"x.py": Entry(b"import one\n"), **ADDED}
    assert without(tree, tree).tree == {"x.py": Entry(b"pass\n"), **ADDED}


def test_what_was_changed_since_stays(without: Removed) -> None:
    tree = {"x.py": Entry(b"import one\n"), "one.py": Entry(b"a = 2\n")}
    assert without(tree, {"x.py": tree["x.py"]}).tree["one.py"] == Entry(b"a = 2\n")


def test_what_nothing_imported_before_stays(without: Removed) -> None:
    """A layer after this one may have been written to use it."""
    tree = {"x.py": Entry(b"import one_more\n"), **ADDED}
    assert without(tree).tree["one.py"] == ONE


def test_a_layer_that_does_not_offer_it_lets_it_be(without: Removed) -> None:
    tree = {"x.py": Entry(b"import one\n"), **ADDED}
    assert without(tree, modules={}).tree == {"x.py": Entry(b"pass\n"), **ADDED}
