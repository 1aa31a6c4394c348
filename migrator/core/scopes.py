"""One walk over a file: parents, scopes, and what each scope binds. Meaning is worked out later, on demand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_NESTED = (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)


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


@dataclass(eq=False)
class Scope:
    """A module, class, function, lambda or comprehension."""

    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outer: dict[str, str] = field(default_factory=dict)  # name -> "global" or "nonlocal"

    def bind(self, name: str, binding: Binding) -> None:
        """Add a binding, in the scope that `global` or `nonlocal` say."""
        scope = self
        if self.outer.get(name) == "global":
            while scope.parent is not None:
                scope = scope.parent
        elif self.outer.get(name) == "nonlocal" and self.parent is not None:
            scope = self.parent.find(name) or self.parent
        scope.bindings.setdefault(name, []).append(binding)

    def find(self, name: str) -> Scope | None:
        """The scope that a use of `name` here refers to; class scopes are not seen from functions in them."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bindings and (scope is self or not isinstance(scope.node, ast.ClassDef)):
                return scope
            scope = scope.parent
        return None


@dataclass
class Index:
    """What the walk recorded."""

    module: ast.Module
    nodes: list[ast.AST]  # in source order, parents before children
    parents: dict[ast.AST, ast.AST]
    scopes: dict[ast.AST, Scope]  # node that opens a scope -> scope
    scope_of: dict[ast.AST, Scope]  # each Name -> the scope it is used in
    attributes: dict[str, list[Assigned]]  # "self.scaler" -> what is assigned to it, anywhere in the file
    calls: list[ast.Call]


def _targets(target: ast.expr, path: tuple[int, ...] = ()) -> Iterator[tuple[ast.expr, tuple[int, ...]]]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for i, element in enumerate(target.elts):
            yield from _targets(element, (*path, i))
    elif isinstance(target, ast.Starred):
        yield from _targets(target.value, (*path, -1))
    else:
        yield target, path


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of attributes on a name, else an empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


class _Walk:
    def __init__(self, module: ast.Module) -> None:
        self.index = Index(module, [], {}, {}, {}, {}, [])

    def run(self) -> Index:
        module = self.index.module
        scope = self.index.scopes[module] = Scope(module, None)
        # `global` and `nonlocal` hold for a whole function, so they are read when its scope opens
        stack: list[tuple[ast.AST, Scope]] = [(module, scope)]
        while stack:
            node, scope = stack.pop()
            self.index.nodes.append(node)
            inner = self._open(node, scope) if isinstance(node, _NESTED) else scope
            self._record(node, scope)
            children = list(ast.iter_child_nodes(node))
            for child in reversed(children):
                self.index.parents[child] = node
                stack.append((child, scope if self._belongs_outside(node, child) else inner))
        return self.index

    @staticmethod
    def _belongs_outside(node: ast.AST, child: ast.AST) -> bool:
        """Decorators, defaults, bases and annotations are evaluated in the surrounding scope."""
        if isinstance(node, ast.ClassDef):
            return isinstance(child, (ast.expr, ast.keyword))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return isinstance(child, ast.expr)
        return False

    def _open(self, node: ast.AST, outer: Scope) -> Scope:
        scope = self.index.scopes[node] = Scope(node, outer)
        if isinstance(node, _FUNCTIONS):
            for statement in ast.walk(node):
                if isinstance(statement, ast.Global):
                    scope.outer.update(dict.fromkeys(statement.names, "global"))
                elif isinstance(statement, ast.Nonlocal):
                    scope.outer.update(dict.fromkeys(statement.names, "nonlocal"))
            args = node.args
            named = [*args.posonlyargs, *args.args, *args.kwonlyargs]
            for arg in named:
                scope.bind(arg.arg, Parameter(node, arg.arg))
            for extra in (args.vararg, args.kwarg):
                if extra is not None:
                    scope.bind(extra.arg, Opaque())
        return scope

    def _record(self, node: ast.AST, scope: Scope) -> None:  # noqa: PLR0912 - one case a kind of binding
        if isinstance(node, ast.Name):
            self.index.scope_of[node] = scope
            if isinstance(node.ctx, ast.Del):
                scope.bind(node.id, Opaque())
        elif isinstance(node, ast.Call):
            self.index.calls.append(node)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                scope.bind(bound, Import(alias.name if alias.asname else bound))
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                joined = f"{base}{alias.name}" if base.endswith(".") or not base else f"{base}.{alias.name}"
                scope.bind(alias.asname or alias.name, Import(joined))
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._assign(target, node.value, scope)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            self._assign(node.target, node.value, scope)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._assign(node.optional_vars, node.context_expr, scope)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            for target, _ in _targets(node.target):
                if isinstance(target, ast.Name):
                    self._inner(node, scope).bind(target.id, Opaque())
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            scope.bind(node.name, Opaque(node))
        elif isinstance(node, ast.ExceptHandler) and node.name:
            scope.bind(node.name, Opaque())

    def _inner(self, node: ast.AST, scope: Scope) -> Scope:
        """Where a loop variable lives: a comprehension's own scope, else the current one."""
        owner = self.index.parents.get(node)
        return self.index.scopes.get(owner, scope) if isinstance(node, ast.comprehension) and owner else scope

    def _assign(self, target: ast.expr, value: ast.expr, scope: Scope) -> None:
        for leaf, path in _targets(target):
            if isinstance(leaf, ast.Name):
                scope.bind(leaf.id, Assigned(value, path))
            elif isinstance(leaf, ast.Attribute) and (name := dotted(leaf)):
                self.index.attributes.setdefault(name, []).append(Assigned(value, path))


def index(module: ast.Module) -> Index:
    """Walk `module` once, without recursion, and record parents, scopes and bindings."""
    return _Walk(module).run()
