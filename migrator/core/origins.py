"""Where a value came from: the calls whose result an expression may hold.

A method such as `.step()` or `.scale()` says nothing by its name; what matters is that the object came from
`torch.optim.AdamW(...)` or `torch.cuda.amp.GradScaler(...)`. Origins follow assignments, attributes, tuples,
parameters (from the calls in the same file) and returns (of functions in the same file). The order of
statements is not looked at: all assignments to a name count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.names import Names, Resolver
from migrator.core.scopes import Assigned, Binding, Index, Opaque, Parameter, Scope, dotted

_NOTHING: Names = frozenset()
Definition = ast.FunctionDef | ast.AsyncFunctionDef


class Origins:
    """Answers for one file, on demand."""

    def __init__(self, index: Index, resolver: Resolver) -> None:
        self._index = index
        self._resolver = resolver
        self._asking: set[tuple[ast.AST, tuple[int, ...]]] = set()
        self._parameters: dict[tuple[ast.AST, str], list[ast.expr]] | None = None

    def of(self, node: ast.AST, path: tuple[int, ...] = ()) -> Names:
        """Dotted names of the calls that may have made `node` (its element at `path`)."""
        key = (node, path)
        if key in self._asking:
            return _NOTHING
        self._asking.add(key)
        found = frozenset(self._of(node, path))
        self._asking.discard(key)
        return found

    def _of(self, node: ast.AST, path: tuple[int, ...]) -> Iterator[str]:
        if isinstance(node, ast.Call):
            yield from self._resolver.names(node.func)
            for definition in self._definitions(node.func):
                for value in _returns(definition):
                    yield from self.of(value, path)
        elif isinstance(node, ast.Name):
            scope = self._index.scope_of.get(node)
            home = scope.find(node.id) if scope else None
            for binding in home.bindings[node.id] if home else ():
                yield from self._bound(binding, path)
        elif isinstance(node, ast.Attribute):
            for assigned in self._index.attributes.get(dotted(node), ()):
                yield from self.of(assigned.value, assigned.path + path)
        elif isinstance(node, ast.IfExp):
            yield from self.of(node.body, path) | self.of(node.orelse, path)
        elif isinstance(node, ast.BoolOp):
            for value in node.values:
                yield from self.of(value, path)
        elif isinstance(node, (ast.Tuple, ast.List)) and path and 0 <= path[0] < len(node.elts):
            yield from self.of(node.elts[path[0]], path[1:])

    def _bound(self, binding: Binding, path: tuple[int, ...]) -> Iterator[str]:
        if isinstance(binding, Assigned):
            yield from self.of(binding.value, binding.path + path)
        elif isinstance(binding, Parameter):
            for value in self._arguments(binding):
                yield from self.of(value, path)

    def _definitions(self, func: ast.expr) -> Iterator[Definition]:
        """The functions of this file that `func` may name."""
        if not isinstance(func, ast.Name):
            return
        scope = self._index.scope_of.get(func)
        home: Scope | None = scope.find(func.id) if scope else None
        for binding in home.bindings[func.id] if home else ():
            if isinstance(binding, Opaque) and isinstance(binding.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield binding.node

    def _arguments(self, parameter: Parameter) -> list[ast.expr]:
        if self._parameters is None:
            self._parameters = {}
            for call in self._index.calls:
                for definition in self._definitions(call.func):
                    for name, value in _matched(definition, call):
                        self._parameters.setdefault((definition, name), []).append(value)
        return self._parameters.get((parameter.function, parameter.name), [])


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
