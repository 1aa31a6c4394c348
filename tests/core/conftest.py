"""What tests of the core share: a parsed file, and a rule made of a function."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest

from migrator.config import make_target
from migrator.core.api_map import ApiMap
from migrator.core.edits import Fix
from migrator.core.file import Context, File, read
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule

MakeRule = Callable[..., Rule]


@pytest.fixture(scope="session")
def context() -> Context:
    """The default target, and no API map."""
    return Context(make_target(None, None, None, None), ApiMap())


@pytest.fixture(scope="session")
def parsed(context: Context) -> Callable[[str | bytes], File]:
    """parsed(code) -> File, as rules see it."""

    def make(code: str | bytes) -> File:
        return read("train.py", code if isinstance(code, bytes) else code.encode(), context)

    return make


@pytest.fixture(scope="session")
def make_rule() -> MakeRule:
    """make_rule(visit, nodes=(ast.Name,), needles=(b"old",), name="a-rule") -> Rule."""

    def make(
        visit: Callable[[Rule, ast.AST, File], Iterator[Fix | Finding]],
        *,
        nodes: tuple[type[ast.AST], ...] = (ast.Name,),
        needles: tuple[bytes, ...] = (b"old",),
        name: str = "a-rule",
    ) -> Rule:
        facts = {"name": name, "kind": Kind.MATCH, "reason": "a reason", "source": "a source"}
        made = type("ARule", (Rule,), {**facts, "nodes": nodes, "needles": needles, "visit": visit})
        return made()

    return make
