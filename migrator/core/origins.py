"""Where a value came from: the calls whose result an expression may hold.

A method such as `.step()` or `.scale()` says nothing by its name; what matters is that the object came from
`torch.optim.AdamW(...)` or `torch.cuda.amp.GradScaler(...)`. Origins follow assignments, attributes, tuples,
parameters (from their defaults and the calls in the same file) and returns (of functions in the same file).
The order of statements is not looked at: all assignments to a name count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import takewhile

from migrator.core.bindings import Assigned, Binding, Opaque, Parameter
from migrator.core.names import Names, Resolver
from migrator.core.scopes import Index, dotted

_NOTHING: Names = frozenset()
_DEEPEST = 8  # tuples in tuples that are followed; `x, y = x` in a loop has no end of them
Definition = ast.FunctionDef | ast.AsyncFunctionDef
Positions = tuple[int, ...]
Place = tuple[ast.AST, Positions]


class Origins:
    """Answers for one file, on demand."""

    def __init__(self, index: Index, resolver: Resolver) -> None:
        self._index = index
        self._resolver = resolver
        self._parameters: dict[tuple[ast.AST, str], list[ast.expr]] | None = None
        self._known: dict[ast.AST, frozenset[ast.Call]] = {}

    def of(self, node: ast.AST) -> Names:
        """Dotted names of the calls that may have made `node`."""
        return frozenset(name for call in self.calls(node) for name in self._resolver.names(call.func))

    def calls(self, node: ast.AST) -> frozenset[ast.Call]:
        """The calls that may have made `node`."""
        if node not in self._known:
            self._known[node] = self._reach(node)
        return self._known[node]

    def _reach(self, node: ast.AST) -> frozenset[ast.Call]:
        """Follow everything that `node` may hold, each expression once, so that cycles end."""
        found: set[ast.Call] = set()
        waiting: list[Place] = [(node, ())]
        seen: set[Place] = set(waiting)
        while waiting:
            value, path = waiting.pop()
            if isinstance(value, ast.Call):
                found.add(value)
            for place in self._next(value, path):
                if place not in seen and len(place[1]) <= _DEEPEST:
                    seen.add(place)
                    waiting.append(place)
        return frozenset(found)

    def _next(self, node: ast.AST, path: Positions) -> Iterator[Place]:
        """The expressions whose value `node` (its element at `path`) may be."""
        if isinstance(node, ast.Call):
            for definition in self._definitions(node.func):
                yield from ((value, path) for value in _returns(definition))
        elif isinstance(node, ast.Name):
            for binding in self._bindings(node):
                yield from self._bound(binding, path)
        elif isinstance(node, ast.Attribute):
            yield from ((a.value, a.path + path) for a in self._index.attributes.get(dotted(node), ()))
        elif isinstance(node, ast.IfExp):
            yield from ((node.body, path), (node.orelse, path))
        elif isinstance(node, ast.BoolOp):
            yield from ((value, path) for value in node.values)
        elif isinstance(node, (ast.NamedExpr, ast.Await)):
            yield node.value, path
        elif isinstance(node, (ast.Tuple, ast.List)) and path:
            yield from ((element, path[1:]) for element in _element(node.elts, path[0]))

    def _bindings(self, name: ast.Name) -> list[Binding]:
        scope = self._index.scope_of.get(name)
        home = scope.find(name.id) if scope else None
        return home.bindings[name.id] if home else []

    def _bound(self, binding: Binding, path: Positions) -> Iterator[Place]:
        if isinstance(binding, Assigned):
            yield binding.value, binding.path + path
        elif isinstance(binding, Parameter):
            yield from ((value, path) for value in self._arguments(binding))

    def _definitions(self, func: ast.expr) -> Iterator[Definition]:
        """The functions of this file that `func` may name."""
        if not isinstance(func, ast.Name):
            return
        for binding in self._bindings(func):
            if isinstance(binding, Opaque) and isinstance(binding.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield binding.node

    def _arguments(self, parameter: Parameter) -> list[ast.expr]:
        if self._parameters is None:
            self._parameters = {}
            for function in self._index.scopes:
                if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                    for name, value in _defaults(function.args):
                        self._parameters.setdefault((function, name), []).append(value)
            for call in self._index.calls:
                for definition in self._definitions(call.func):
                    for name, value in _matched(definition, call):
                        self._parameters.setdefault((definition, name), []).append(value)
        return self._parameters.get((parameter.function, parameter.name), [])


def _element(elements: list[ast.expr], position: int) -> list[ast.expr]:
    """The element at a position, where no `*` before it and no unknown position (-1) hides which it is."""
    plain = list(takewhile(lambda element: not isinstance(element, ast.Starred), elements))
    return plain[position : position + 1] if position >= 0 else []


def _defaults(args: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    positional = [*args.posonlyargs, *args.args]
    for arg, value in zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True):
        yield arg.arg, value
    for arg, keyword_value in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if keyword_value is not None:
            yield arg.arg, keyword_value


def _matched(definition: Definition, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    positional = [a.arg for a in (*definition.args.posonlyargs, *definition.args.args)]
    for name, value in zip(positional, call.args, strict=False):
        if isinstance(value, ast.Starred):
            break
        yield name, value
    for keyword in call.keywords:
        if keyword.arg:
            yield keyword.arg, keyword.value


def _returns(definition: Definition) -> Iterator[ast.expr]:
    """Values of the function's own return statements."""
    stack: list[ast.AST] = list(definition.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))
