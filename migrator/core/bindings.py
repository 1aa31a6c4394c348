"""What a name can be bound to."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Import:
    """A name bound by an import: the dotted name it stands for."""

    target: str


@dataclass(frozen=True)
class Assigned:
    """A name bound to (an element of) an expression. `path`: the tuple positions taken, () for all of it."""

    value: ast.expr
    path: tuple[int, ...] = ()


@dataclass(frozen=True)
class Opaque:
    """A name bound to something unknown: a loop variable, a definition, `del`. `node` is a definition, if any."""

    node: ast.AST | None = None


@dataclass(frozen=True)
class Parameter:
    """A name bound as a parameter of `function`."""

    function: ast.AST
    name: str


Binding = Import | Assigned | Opaque | Parameter
