"""Formulas that a function of torch computes: finding one in straight-line code, and putting the call in its place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from migrator.core.bindings import Import
from migrator.core.edit_expressions import replace
from migrator.core.edit_imports import bound_as
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._backend import scope_at, torch_name
from migrator.rules._formulas import Formula
from migrator.rules._polynomials import Atom, Polynomial
from migrator.rules._straight import ENTRY, Straight, Version, straight

T = TypeVar("T")


@dataclass(frozen=True)
class Match(Generic[T]):
    """A formula that was recognised, and the assignments before it that nothing else needs."""

    found: T
    unneeded: list[ast.stmt]


def matches(
    file: File, node: ast.expr, match: Callable[[Polynomial], T | None], leaves: Callable[[T], list[Atom]]
) -> Match[T] | None:
    """What `match` says of an expression, for any way to take an assignment before it as given.

    `leaves` are the tensors of a match: each must stand for the same thing where the expression is.
    """
    block = straight(file, node)
    at = block.suite.index(file.statement(node)) if block else 0
    for leaf in (None, *(_versions(block, at) if block else ())):
        formula = Formula(file, block, leaf)
        value = formula.of(node, at)
        found = match(value) if value is not None else None
        if found is None:
            continue
        unneeded = block.unneeded(formula.used, node) if block else []
        if unneeded is not None and all(_stands(each, block, at, unneeded) for each in leaves(found)):
            return Match(found, unneeded)
    return None


def _versions(block: Straight, at: int) -> Iterator[Version]:
    """The assigned names that may be taken as given, the latest first."""
    for place in range(at - 1, ENTRY, -1):
        statement = block.suite[place]
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            yield Version(statement.targets[0].id, place)


def _stands(leaf: Atom, block: Straight | None, at: int, unneeded: list[ast.stmt]) -> bool:
    """Whether the name still stands for the tensor of the formula once the unneeded assignments are gone."""
    if block is None or len(leaf) < 3:
        return True
    while (version := block.version(leaf[1], at)).place != ENTRY and block.suite[version.place] in unneeded:
        at = version.place
    return bool(version.place == leaf[2])


def exchanged(file: File, node: ast.expr, name: str, arguments: str, unneeded: list[ast.stmt]) -> list[Edit]:
    """Put a call of `torch.nn.functional.<name>` in the place of an expression, without what only that needed."""
    spelled, imports = functional(file, node, name)
    return [replace(file, node, f"{spelled}({arguments})"), *remove_all(file, unneeded), *imports]


def functional(file: File, node: ast.AST, name: str) -> tuple[str, list[Edit]]:
    """How `node` can say `torch.nn.functional.<name>`, and the import that it takes."""
    scope = scope_at(file, node)
    for target, rest in (("torch.nn.functional", ""), ("torch.nn", ".functional")):
        bound = bound_as(file, target)
        home = scope.find(bound) if bound else None
        if home and all(isinstance(b, Import) and b.target == target for b in home.bindings[bound]):
            return f"{bound}{rest}.{name}", []
    torch, imports = torch_name(file, node)
    return f"{torch}.nn.functional.{name}", imports
