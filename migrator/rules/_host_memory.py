"""Host memory that is copied to the device in a loop: where it comes from, and whether something else writes to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import keyword
from migrator.core.file import File
from migrator.rules._batch_parts import names_in
from migrator.rules._loader_batches import is_copy

_MAKERS = frozenset({"torch.from_numpy", "torch.as_tensor", "torch.tensor"})
_COPYING = frozenset({"torch.tensor"})  # takes no memory of its argument over
Loop = ast.For | ast.While


def host_arrays(loop: Loop, file: File) -> Iterator[ast.Call]:
    """Copies to the device, in every turn of a training loop, of a tensor just made from an array or a list."""
    if not calls_backward(loop):
        return
    for statement in loop.body:
        for call in ast.walk(statement) if isinstance(statement, (ast.Assign, ast.Expr)) else ():
            if isinstance(call, ast.Call) and is_copy(call, file) and _maker(call, file) is not None:
                yield call


def calls_backward(loop: ast.AST) -> bool:
    """Whether a backward pass is called in a loop."""
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "backward"
        for n in ast.walk(loop)
    )


def _maker(call: ast.Call, file: File) -> ast.Call | None:
    """The call that makes what is copied, through methods: `torch.from_numpy(x).float().to(device)`."""
    value: ast.expr = call
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and not file.called(value):
        value = value.func.value
    is_maker = isinstance(value, ast.Call) and file.called(value) and file.called(value) <= _MAKERS
    return value if is_maker and isinstance(value, ast.Call) and keyword(value, "device") is None else None


def root_name(call: ast.Call, file: File) -> str:
    """The name of the memory that a call of `to` copies; in a comprehension, that of what it goes over."""
    maker = _maker(call, file)
    if maker is not None:
        return _root(maker.args[0]) if maker.args and not file.called(maker) <= _COPYING else ""
    name = _root(call)
    for above in file.ancestors(call):
        for generator in getattr(above, "generators", ()):
            if name in names_in(generator.target):
                name = _root(generator.iter)
    return name


def _root(value: ast.expr) -> str:
    """`batch` of `batch["x"].float().to(device)`."""
    while True:
        if isinstance(value, (ast.Subscript, ast.Attribute, ast.Starred)):
            value = value.value
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            value = value.func
        elif isinstance(value, ast.Call) and value.args:
            value = value.args[0]  # enumerate(batch)
        else:
            return value.id if isinstance(value, ast.Name) else ""


def stays_unchanged(call: ast.Call, loop: Loop, file: File) -> bool:
    """Whether nothing in the loop writes to what is copied, or the copy takes over its name."""
    name, statement = root_name(call, file), file.statement(call)
    if not name or _takes_over(statement, name):
        return True
    return not any(_writes(node, name) for part in loop.body for node in ast.walk(part) if node is not statement)


def _takes_over(statement: ast.stmt, name: str) -> bool:
    """Whether a statement binds the name, or a place in what it holds, to the copy."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    parts = [part for t in targets for part in (t.elts if isinstance(t, (ast.Tuple, ast.List)) else [t])]
    return any(_root(part) == name for part in parts)


def _writes(node: ast.AST, name: str) -> bool:
    """Whether a node changes in place what a name holds: `x[...] =`, `x +=`, `x.fill_()`, `out=x`."""
    if isinstance(node, ast.Assign):
        return any(
            not isinstance(t, ast.Name) and _root(t) == name for t in node.targets if not isinstance(t, ast.Tuple)
        )
    if isinstance(node, ast.AugAssign):
        return _root(node.target) == name
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        in_place = node.func.attr.endswith("_") and not node.func.attr.endswith("__")
        fills = node.func.attr == "fill" and _root(node.func) == name
        return fills or (in_place and _root(node.func) == name) or _is_out(node, name)
    return False


def _is_out(call: ast.Call, name: str) -> bool:
    out = keyword(call, "out")
    return out is not None and _root(out.value) == name
