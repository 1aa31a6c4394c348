"""What only serves calls of apex's kernels: names that hold a kernel, and buffers for what is not finite."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from migrator.core.edit_branches import only_asks
from migrator.core.file import File
from migrator.core.scopes import dotted
from migrator.rules._apex_state import is_state
from migrator.rules._reads import is_read
from migrator.rules._tensor_lists import Launch

_FRESH = frozenset({"torch.cuda.IntTensor", "torch.tensor", "torch.zeros", "torch.IntTensor"})


def unused_holders(file: File, gone: Collection[ast.AST]) -> Iterator[ast.stmt]:
    """Assignments of a kernel to a name that nothing reads, but what stands in `gone`."""
    for node in file.index.nodes:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        if _is_kernel(node.value, file) and not _is_read(node.targets[0], gone, file):
            yield node


def unused_buffers(file: File, launches: Collection[Launch]) -> Iterator[ast.stmt]:
    """Statements that make or clear a buffer that only the launches use."""
    gone = {node for launch in launches for node in ast.walk(launch.call)}
    for buffer in {_key(launch.buffer, file): launch.buffer for launch in launches}.values():
        stored = [node for node in _same(buffer, file) if not isinstance(node.ctx, ast.Load)]
        reads = [node for node in _same(buffer, file) if isinstance(node.ctx, ast.Load) and node not in gone]
        if not all(_clears(read, file) or _is_for_apex(read, file) for read in reads):
            continue
        yield from (file.statement(read) for read in reads if _clears(read, file))
        made = [file.statement(node) for node in stored]
        if all(_makes(statement, node, file) for statement, node in zip(made, stored, strict=True)):
            yield from made


def _is_read(target: ast.expr, gone: Collection[ast.AST], file: File) -> bool:
    if isinstance(target, ast.Name):
        home = file.index.scope_of[target].find(target.id)
        reads = [n for n in _same(target, file) if isinstance(n.ctx, ast.Load)]
        exported = home is None or (not reads and is_read(target.id, home, file))
    else:
        reads = [n for n in _same(target, file) if isinstance(n.ctx, ast.Load)]
        exported = not isinstance(target, ast.Attribute)
    return exported or any(read not in gone for read in reads)


def _is_kernel(node: ast.AST, file: File) -> bool:
    names = file.names(node)
    return bool(names) and all(name.startswith("amp_C.") for name in names)


def _key(node: ast.expr, file: File) -> object:
    return (file.index.scope_of[node].find(node.id), node.id) if isinstance(node, ast.Name) else dotted(node)


def _same(node: ast.expr, file: File) -> list[ast.Name | ast.Attribute]:
    """All places that name the same variable, or an attribute of the same name on whatever object."""
    if isinstance(node, ast.Name):
        home = file.index.scope_of[node].find(node.id)
        return [n for n in file.uses(node.id) if file.index.scope_of[n].find(n.id) is home]
    attr = node.attr if isinstance(node, ast.Attribute) else None
    found = (n for n in file.index.nodes if isinstance(n, ast.Attribute) and n.attr == attr)
    return [n for n in found if not is_state(n.value, file) and not _is_kernel(n, file)]


def _clears(read: ast.AST, file: File) -> bool:
    """`buffer.zero_()` and nothing else."""
    above = file.parent(read)
    call = file.parent(above) if isinstance(above, ast.Attribute) and above.attr == "zero_" else None
    return isinstance(call, ast.Call) and call.func is above and isinstance(file.parent(call), ast.Expr)


def _is_for_apex(read: ast.AST, file: File) -> bool:
    """Whether the buffer is only handed to apex's loss scaler."""
    above = file.parent(read)
    return isinstance(above, ast.Assign) and above.value is read and all(is_state(t, file) for t in above.targets)


def _makes(statement: ast.stmt, target: ast.AST, file: File) -> bool:
    """Whether a statement only makes the buffer."""
    if not isinstance(statement, ast.Assign) or statement.targets != [target]:
        return False
    value = statement.value
    if not isinstance(value, ast.Call):
        return isinstance(value, ast.Constant)
    names = file.called(value)
    parts = [*value.args, *(keyword.value for keyword in value.keywords)]
    return bool(names) and names <= _FRESH and all(only_asks(part, file) for part in parts)
