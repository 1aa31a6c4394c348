"""Scopes, in which names are bound, and the record of one walk over a file (`migrator.core.scope_walk`)."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from migrator.core.bindings import Assigned, Binding


@dataclass(eq=False)
class Scope:
    """A module, class, function, lambda or comprehension."""

    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outer: dict[str, str] = field(default_factory=dict)  # name -> "global" or "nonlocal"
    _nonlocals: list[tuple[str, Binding]] = field(default_factory=list)

    @property
    def module(self) -> Scope:
        """The outermost scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def bind(self, name: str, binding: Binding) -> None:
        """Add a binding, in the scope that `global` or `nonlocal` say; those of `nonlocal` wait for `settle`."""
        declared = self.outer.get(name)
        if declared == "nonlocal":
            self._nonlocals.append((name, binding))
        else:
            scope = self.module if declared == "global" else self
            scope.bindings.setdefault(name, []).append(binding)

    def settle(self) -> None:
        """Add the bindings of `nonlocal` names, now that all names of the scopes around are known."""
        for name, binding in self._nonlocals:
            if (home := self.find(name)) is not None:
                home.bindings[name].append(binding)
        self._nonlocals.clear()

    def find(self, name: str) -> Scope | None:
        """The scope that a use of `name` here refers to; class scopes are not seen from functions in them."""
        scope: Scope | None = self
        while scope is not None:
            if scope.outer.get(name) == "global":
                return scope.module if name in scope.module.bindings else None
            if name in scope.bindings and (scope is self or not isinstance(scope.node, ast.ClassDef)):
                return scope
            scope = scope.parent
        return None


@dataclass
class Index:
    """What the walk recorded."""

    module: ast.Module
    nodes: list[ast.AST]  # parents before children, statements in source order; no contexts and operators
    parents: dict[ast.AST, ast.AST]
    scopes: dict[ast.AST, Scope]  # node that opens a scope -> scope
    scope_of: dict[ast.AST, Scope]  # each Name -> the scope it is used in
    attributes: dict[str, list[Assigned]]  # "self.scaler" -> what is assigned to it, anywhere in the file
    calls: list[ast.Call]


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of attributes on a name, else an empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])
