"""The tensor that is kept on the device until it is read: detached, and a copy where something may write to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.file import File
from migrator.rules._deferred_values import Added, Running
from migrator.rules._host_values import CLIPS

_NEW_MEMORY = frozenset({"mean", "sum", "norm", "max", "min", "abs", "clone"})
_ONLY_READING = frozenset({"print", "len", "float", "int", "str", "repr", "isinstance", "type", "id"})
_COMPARING = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
# What replays a graph into the same memory. Source: https://docs.pytorch.org/docs/2.13/notes/cuda.html (CUDA graphs)
_GRAPHS = (b"make_graphed_callables", b"ModuleCacher", b"wrap_in_hpu_graph", b"HPUGraph", b"CUDAGraph")


def kept(added: Added, running: Running) -> str:
    """The expression for the tensor, on one line."""
    file, tensor = running.file, added.read.tensor
    text = file.text(tensor)
    if "\n" in text or "\r" in text:
        text = ast.unparse(tensor)
    if not isinstance(tensor, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
        text = f"({text})"
    if _is_count(tensor, file):
        return text  # has no gradient
    return f"{text}.detach().clone()" if _may_change(added, running) else f"{text}.detach()"


def _is_count(tensor: ast.expr, file: File) -> bool:
    """Whether a tensor is a sum of comparisons, as in `(predicted == labels).sum()`."""
    func = tensor.func if isinstance(tensor, ast.Call) else None
    if not isinstance(func, ast.Attribute) or func.attr != "sum" or file.called(tensor):
        return False
    compared = func.value.func if isinstance(func.value, ast.Call) else None
    by_method = isinstance(compared, ast.Attribute) and compared.attr in _COMPARING
    return isinstance(func.value, ast.Compare) or by_method


def _may_change(added: Added, running: Running) -> bool:
    """Whether something may write to the tensor's memory after this statement, or more than a number is in it."""
    file, tensor = running.file, added.read.tensor
    if isinstance(tensor, (ast.BinOp, ast.UnaryOp, ast.Compare)) or _is_reduced(tensor) or file.called(tensor) & CLIPS:
        return False
    if isinstance(tensor, ast.Subscript) or any(word in file.source.text for word in _GRAPHS):
        return True  # an element also keeps the whole tensor's memory
    root: ast.AST = tensor
    while isinstance(root, (ast.Attribute, ast.Subscript, ast.Call)):
        root = root.func if isinstance(root, ast.Call) else root.value
    if not isinstance(root, ast.Name):
        return True
    first = added.statement.lineno if _is_made_anew(root, added, running) else 0
    return any(line > first for line in _writes(root.id, running))


def _is_reduced(tensor: ast.expr) -> bool:
    func = tensor.func if isinstance(tensor, ast.Call) else None
    return isinstance(func, ast.Attribute) and func.attr in _NEW_MEMORY


def _is_made_anew(root: ast.Name, added: Added, running: Running) -> bool:
    """Whether every turn of the loop assigns the name before the statement."""
    targets = (t for s in running.loop.body if isinstance(s, ast.Assign) for t in s.targets)
    names = (n for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))
    nested = (n for s in running.loop.body if isinstance(s, ast.With) for b in s.body for n in ast.walk(b))
    stored = (n for n in (*names, *nested) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return any(n.id == root.id and n.lineno < added.statement.lineno for n in stored)


def _writes(name: str, running: Running) -> Iterator[int]:
    """The lines of the loop that may write to what a name stands for: in place, or in a function that gets it."""
    for node in ast.walk(running.loop):
        if isinstance(node, ast.AugAssign):
            writes = _root(node.target) == name
        elif isinstance(node, ast.Assign):
            writes = any(not isinstance(target, ast.Name) and _root(target) == name for target in node.targets)
        else:
            writes = isinstance(node, ast.Call) and _may_write(node, name, running.file)
        if writes:
            yield node.lineno  # type: ignore[attr-defined]


def _may_write(call: ast.Call, name: str, file: File) -> bool:
    func = call.func
    if isinstance(func, ast.Attribute) and _root(func.value) == name:
        return func.attr.endswith("_") and not func.attr.endswith("__")
    given = [*call.args, *(k.value for k in call.keywords)]
    if not any(isinstance(a, ast.Name) and a.id == name for a in given):
        return False
    called = file.called(call)
    is_reading = isinstance(func, ast.Name) and func.id in _ONLY_READING and not called
    is_torch = bool(called) and all(n.startswith("torch.") and not n.startswith("torch.distributed.") for n in called)
    return not is_reading and not (is_torch and not any(n.endswith("_") for n in called))


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
