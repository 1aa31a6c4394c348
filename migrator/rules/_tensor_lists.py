"""Calls of apex's kernels on lists of tensors, and the same arithmetic in plain torch.

What each computes: csrc/multi_tensor_{scale,axpby,l2norm}_kernel.cu in https://github.com/NVIDIA/apex. They work in
float32, write in the type of the result, know no autograd, and mark in a buffer what is no finite number.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.core.edit_blocks import replace_block
from migrator.core.edit_calls import operand
from migrator.core.edit_expressions import replace
from migrator.core.edit_statements import comments, replace_statement, shares_line
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.core.scopes import dotted
from migrator.rules._reads import is_read
from migrator.rules._torch import only

APPLIER = "apex.multi_tensor_apply.multi_tensor_applier"
APPLIERS = frozenset({APPLIER, "apex.multi_tensor_apply.MultiTensorApply"})
# kernel -> how many lists it takes, and how many numbers after them
_KERNELS = {"multi_tensor_scale": (2, (1,)), "multi_tensor_axpby": (3, (2, 3)), "multi_tensor_l2norm": (1, (0, 1))}
_WIDTH = 100  # of a line, without its indentation
_COPY_SINCE = (2, 1)  # torch that has _foreach_copy_


@dataclass(frozen=True)
class Launch:
    """A call of a kernel: the buffer for what is not finite, the lists, and the numbers."""

    call: ast.Call
    kernel: str
    buffer: ast.expr
    lists: tuple[ast.expr, ...]
    numbers: tuple[ast.expr, ...]


def kernel_of(node: ast.AST, file: File, seen: frozenset[str] = frozenset()) -> str:
    """The name of the kernel of amp_C that an expression is, also one kept in an attribute; else an empty string."""
    names = {name.removeprefix("amp_C.") for name in file.names(node) if name.startswith("amp_C.")}
    if names:
        return min(names) if len(names) == len(file.names(node)) == 1 else ""
    place = dotted(node) if isinstance(node, ast.Attribute) else ""
    values = file.index.attributes.get(place, []) if place not in seen else []
    found = {kernel_of(v.value, file, seen | {place}) if not v.path else "" for v in values}
    return found.pop() if len(found) == 1 else ""


def launches(file: File) -> Iterator[Launch]:
    """The calls of known kernels that are written out."""
    for call in file.index.calls:
        if call.keywords or any(isinstance(argument, ast.Starred) for argument in call.args):
            continue
        through = only(file.names(call.func), frozenset({APPLIER})) or only(file.origins(call.func), APPLIERS)
        kernel = kernel_of(call.args[0] if through and call.args else call.func, file)
        arguments = call.args[1:]  # behind the kernel, or the size of a chunk
        if kernel not in _KERNELS or len(arguments) < 2 or not isinstance(arguments[1], (ast.List, ast.Tuple)):
            continue
        launch = Launch(call, kernel, arguments[0], tuple(arguments[1].elts), tuple(arguments[2:]))
        lists, numbers = _KERNELS[kernel]
        if len(launch.lists) == lists and len(launch.numbers) in numbers:
            yield launch


def rewritten(launch: Launch, torch: str, file: File) -> list[Edit] | None:
    """The edits that compute the same; None where the call's result is used in a way that is not known."""
    if launch.kernel == "multi_tensor_l2norm":
        return _norm(launch, torch, file)
    statement = file.parent(launch.call)
    if not isinstance(statement, ast.Expr) or shares_line(file, statement):
        return None
    notes = [note.decode() for note in comments(file.text(statement).encode())]
    lines = [*notes, f"with {torch}.no_grad():", *(f"    {line}" for line in _written(launch, torch, file))]
    return [replace_block(file, statement, "\n".join(lines))]


def _written(launch: Launch, torch: str, file: File) -> list[str]:
    """The statements that leave the kernel's result in its last list."""
    source, target = launch.lists[0], file.text(launch.lists[-1])
    first = file.text(launch.numbers[0])
    if launch.kernel == "multi_tensor_scale" and file.text(source) == target:
        return [f"{torch}._foreach_mul_({target}, {first})"]
    result = f"{torch}._foreach_mul({_wide(source, file)}, {first})"
    if launch.kernel == "multi_tensor_axpby":
        other = f"{torch}._foreach_mul({_wide(launch.lists[1], file)}, {file.text(launch.numbers[1])})"
        result = f"{torch}._foreach_add({result}, {other})"
    if file.target.release.torch_version >= _COPY_SINCE:
        line = f"{torch}._foreach_copy_({target}, {result})"
        parts = [f"{torch}._foreach_copy_(", f"    {target},", f"    {result},", ")"]
        return [line] if len(line) <= _WIDTH else parts
    return [f"for old, new in zip({target}, {result}):", "    old.copy_(new)"]


def _wide(tensors: ast.expr, file: File) -> str:
    return f"[t.float() for t in {operand(file, tensors)}]"


def _norm(launch: Launch, torch: str, file: File) -> list[Edit] | None:
    """The norm of all tensors is the first of two results, those of each tensor the second, where asked for."""
    each = f"{torch}._foreach_norm([t.detach().float() for t in {operand(file, launch.lists[0])}])"
    norms = f"{torch}.stack({each})"
    whole = f"{torch}.linalg.vector_norm({norms}, keepdim=True)"
    asks = launch.numbers[0] if launch.numbers else None
    has_each = isinstance(asks, ast.Constant) and asks.value is True
    above = file.parent(launch.call)
    if isinstance(above, ast.Subscript) and isinstance(above.slice, ast.Constant) and above.value is launch.call:
        chosen = {0: whole, 1: norms if has_each else None}.get(above.slice.value)  # type: ignore[arg-type]
        return [replace(file, above, chosen)] if chosen else None
    names = _two_names(above)
    if names is None or not isinstance(above, ast.Assign):
        return None
    if not _is_read(names[1], file):
        return [replace_statement(file, above, [f"{names[0].id} = {whole}"])]
    again = f"{names[0].id} = {torch}.linalg.vector_norm({names[1].id}, keepdim=True)"
    return [replace_statement(file, above, [f"{names[1].id} = {norms}", again])] if has_each else None


def _two_names(statement: ast.AST | None) -> tuple[ast.Name, ast.Name] | None:
    """The targets of `a, b = ...`."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    pair = target.elts if isinstance(target, (ast.Tuple, ast.List)) and len(target.elts) == 2 else [None, None]
    first, second = pair
    return (first, second) if isinstance(first, ast.Name) and isinstance(second, ast.Name) else None


def _is_read(name: ast.Name, file: File) -> bool:
    home = file.index.scope_of[name].find(name.id)
    return home is None or is_read(name.id, home, file)
