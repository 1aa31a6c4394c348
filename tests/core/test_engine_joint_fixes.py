"""Fixes that are right alone and wrong together, and fixes that are never right."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from migrator.core.api_map import ApiMap
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Edit, Fix
from migrator.core.engine import UnsettledError, rewrite
from migrator.core.file import Context, File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Chip, ExecutionMode, Release, Target

RELEASE = Release("1.23", "2.9", ExecutionMode.EAGER, (ExecutionMode.LAZY,), "autocast", "hpu_backend", True, {})
CONTEXT = Context(Target(RELEASE, ExecutionMode.LAZY, Chip.GAUDI2), ApiMap())


class Remover(Rule):
    """Removes calls of one name."""

    name = "remover"
    kind = Kind.MISMATCH
    reason = "a test"
    source = "a test"
    needles = (b"gone",)
    nodes = (ast.Expr,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A statement `gone(...)`."""
        if isinstance(node, ast.Expr) and file.text(node).startswith("gone("):
            yield self.fix(remove_all(file, [node]))


class Breaker(Remover):
    """Writes text that is no Python."""

    name = "breaker"

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """Every statement."""
        if isinstance(node, ast.Expr):
            start, end = file.source.span(node)
            yield self.fix([Edit(start, end, b"(")])


def test_removals_that_empty_a_block_together() -> None:
    result = rewrite("a.py", b"if x:\n    gone(1)\n    gone(22)\n    gone(3)\ny()\n", [Remover()], CONTEXT)
    assert result.data == b"y()\n"
    assert len(result.rounds) > 1
    for number in result.rounds:
        ast.parse(number.after)


def test_result_is_parsed_even_when_no_rule_is_left_to_ask() -> None:
    result = rewrite("a.py", b"def f():\n    gone(1)\n    gone(2)\n", [Remover()], CONTEXT)
    assert result.data == b"def f():\n    pass\n"


def test_fix_that_does_not_parse_alone_names_its_rule() -> None:
    with pytest.raises(UnsettledError, match=r"a\.py: after the rule breaker"):
        rewrite("a.py", b"gone(1)\ngone(2)\n", [Breaker()], CONTEXT)
