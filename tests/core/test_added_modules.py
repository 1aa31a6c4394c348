"""Modules that recipes share: a rules layer puts them beside what comes to import them, a files layer at the root."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from migrator.core.edits import Edit, Fix
from migrator.core.file import Context, File
from migrator.core.layers import FilesLayer, RuleLayer, Stage, StageResult
from migrator.core.rule import Rule
from migrator.core.rule_layer import DriftError
from migrator.core.stages import Toolbox, apply_stage
from migrator.core.tree import Entry, Mode, Tree

MODULES = {"one": Entry(b"a = 1\n"), "two": Entry(b"")}


@pytest.fixture
def importer(make_rule) -> Rule:
    """Replaces `want_one` by `import one`, where it is offered and no file of the upstream has the name."""

    def visit(rule: Rule, node: ast.AST, file: File) -> Iterator[Fix]:
        name = node.id.removeprefix("want_") if isinstance(node, ast.Name) else ""
        place = f"{file.path.rpartition('/')[0]}/{name}.py".lstrip("/")
        if name in file.context.modules and place not in file.context.paths:
            yield rule.fix([Edit(*file.source.span(node), f"from . import {name}".encode())])

    return make_rule(visit, nodes=(ast.Name,), needles=(b"want_",), name="importer")


def applied(context: Context, tree: Tree, rule: Rule, times: int = 1, **others: object) -> StageResult:
    facts = {"rules": ("importer",), "optional": frozenset({"importer"}), "modules": MODULES, **others}
    layers = tuple(RuleLayer(f"l{number}", "why", "where", **facts) for number in range(times))  # type: ignore[arg-type]
    return staged(context, tree, Stage("minimal", "", layers), rule)


def staged(context: Context, tree: Tree, stage: Stage, *rules: Rule) -> StageResult:
    def no_codemod(name: str) -> type:
        raise AssertionError(name)

    return apply_stage(stage, tree, tree, Toolbox(context, {rule.name: rule for rule in rules}, no_codemod))


def test_a_module_is_put_beside_each_file_that_comes_to_import_it(context, importer):
    tree = {f"{path}.py": Entry(b"want_one\n") for path in ("x", "a/x", "a/y")}
    result = applied(context, {**tree, "z.py": Entry(b"import two\nwant_none\n")}, importer)
    assert sorted(result.tree) == ["a/one.py", "a/x.py", "a/y.py", "one.py", "x.py", "z.py"]
    assert result.tree["a/one.py"] == MODULES["one"]
    assert [(c.file, c.text_after, c.reason) for c in result.changes if c.file.endswith("one.py")] == [
        ("a/one.py", "a = 1\n", "a/x.py imports it."),
        ("one.py", "a = 1\n", "x.py imports it."),
    ]
    assert len({c.fix for c in result.changes}) == len(result.changes)


def test_an_empty_module(context, importer):
    result = applied(context, {"x.py": Entry(b"want_two\n", Mode.EXECUTABLE)}, importer)
    assert result.tree["two.py"] == Entry(b"")
    assert result.tree["x.py"].mode is Mode.EXECUTABLE


def test_a_file_of_the_upstream_is_never_replaced(context, importer):
    tree = {"x.py": Entry(b"want_one\n"), "one.py": Entry(b"mine = 1\n")}
    assert applied(context, tree, importer).tree == tree


def test_a_later_layer_finds_the_module_of_an_earlier_one(context, importer):
    tree = {"x.py": Entry(b"want_one\n"), "y.py": Entry(b"want_one\n")}
    first = applied(context, tree, importer, files=("x.py",))
    second = applied(context, first.tree, importer, files=("y.py",))
    assert sorted(second.tree) == ["one.py", "x.py", "y.py"]
    assert [change.file for change in second.changes] == ["y.py"]


def test_a_layer_without_modules_adds_none(context, importer):
    tree = {"x.py": Entry(b"want_one\n")}
    assert applied(context, tree, importer, modules={}).tree == tree


def test_a_files_layer_puts_its_modules_at_the_root(context):
    layer = FilesLayer("files", "why", "where", files={"a/x.py": Entry(b"x = 1\n")}, modules=MODULES)
    result = staged(context, {"y.py": Entry(b"import one\n")}, Stage("minimal", "", (layer,)))
    assert sorted(result.tree) == ["a/x.py", "one.py", "two.py", "y.py"]
    assert result.tree["one.py"] == MODULES["one"]
    assert [(change.file, change.text_after, change.rule) for change in result.changes] == [
        ("a/x.py", "x = 1\n", "files"),
        ("one.py", "a = 1\n", "files"),
        ("two.py", "", "files"),
    ]


def test_a_files_layer_never_replaces_a_file_by_a_module(context):
    layer = FilesLayer("files", "why", "where", modules=MODULES)
    with pytest.raises(DriftError, match=r"one\.py exists already"):
        staged(context, {"one.py": Entry(b"mine = 1\n")}, Stage("minimal", "", (layer,)))
