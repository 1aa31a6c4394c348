"""Which names and expressions of a loop hold a batch, or a part of one."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from migrator.core.file import File

_KEEPING = frozenset(
    {
        *("to", "cuda", "long", "int", "float", "double", "half", "bfloat16", "bool", "type", "contiguous", "clone"),
        *("view", "reshape", "flatten", "squeeze", "unsqueeze", "transpose", "permute", "t", "detach", "pin_memory"),
        *("items", "values", "get", "pop"),
    }
)
_GATHERING = frozenset({"tuple", "list", "dict", "zip", "enumerate", "map", "next", "iter"})
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


def is_builtin(func: ast.expr, names: set[str] | frozenset[str], file: File) -> bool:
    """Whether a called name is one of Python's own."""
    return isinstance(func, ast.Name) and func.id in names and file.index.scope_of[func].find(func.id) is None


def batch_names(body: Sequence[ast.stmt], names: frozenset[str], file: File) -> frozenset[str]:
    """`names`, and those that come to hold a part of what they hold in the statements."""
    held, before = set(names), -1
    while len(held) != before:
        before = len(held)
        for node in (node for statement in body for node in ast.walk(statement)):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    held |= _bound(target, node.value, frozenset(held), file)
            elif isinstance(node, ast.For) and holds(node.iter, frozenset(held), file):
                held |= names_in(node.target)
    return frozenset(held)


def _bound(target: ast.expr, value: ast.expr, names: frozenset[str], file: File) -> frozenset[str]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        parts = zip(target.elts, value.elts, strict=True)
        return frozenset[str]().union(*(_bound(each, part, names, file) for each, part in parts))
    return (
        names_in(target)
        if isinstance(target, (ast.Name, ast.Tuple, ast.List)) and holds(value, names, file)
        else frozenset()
    )


def names_in(target: ast.expr) -> frozenset[str]:
    """The names that a target binds."""
    return frozenset(n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def holds(value: ast.expr, names: frozenset[str], file: File) -> bool:
    """Whether an expression is one of the named values, or a part or a gathering of them."""
    if isinstance(value, ast.Name):
        return value.id in names
    if isinstance(value, (ast.Subscript, ast.Attribute, ast.Starred)):
        return holds(value.value, names, file)
    if isinstance(value, (ast.Tuple, ast.List)):
        return any(holds(element, names, file) for element in value.elts)
    if isinstance(value, _COMPREHENSIONS):
        return any(holds(generator.iter, names, file) for generator in value.generators)
    if isinstance(value, ast.IfExp):
        return holds(value.body, names, file) or holds(value.orelse, names, file)
    return isinstance(value, ast.Call) and _gives(value, names, file)


def _gives(call: ast.Call, names: frozenset[str], file: File) -> bool:
    if isinstance(call.func, ast.Attribute) and not file.called(call):
        return call.func.attr in _KEEPING and holds(call.func.value, names, file)
    maps = any(name.endswith("tree_map") for name in file.called(call))
    return (maps or is_builtin(call.func, _GATHERING, file)) and any(holds(a, names, file) for a in call.args)


def names_around(node: ast.AST, names: frozenset[str], file: File) -> frozenset[str]:
    """`names`, and those of the comprehensions and lambdas around `node` that stand for a part of a batch."""
    local = set(names)
    for above in reversed(list(file.ancestors(node))):
        if isinstance(above, _COMPREHENSIONS):
            for generator in above.generators:
                local |= names_in(generator.target) if holds(generator.iter, frozenset(local), file) else frozenset()
        elif isinstance(above, ast.Lambda):
            call = file.parent(above)
            if isinstance(call, ast.Call) and _gives(call, frozenset(local), file):
                local |= {argument.arg for argument in above.args.args}
    return frozenset(local)
