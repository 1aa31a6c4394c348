"""Operations whose result has a size that depends on what is in the tensors."""

from __future__ import annotations

import ast

from migrator.core.bindings import Assigned
from migrator.core.edit_arguments import keyword
from migrator.core.file import File
from migrator.rules._masks import is_mask
from migrator.rules._tensor_values import is_of_numpy, is_tensor

_ALWAYS = frozenset(
    {
        *("torch.nonzero", "torch.argwhere", "torch.masked_select", "torch.unique", "torch.unique_consecutive"),
        *("torch.bincount", "torchvision.ops.nms", "torchvision.ops.batched_nms"),
        *("torchvision.ops.boxes.nms", "torchvision.ops.boxes.batched_nms"),
    }
)
_METHODS = frozenset({"nonzero", "argwhere", "masked_select", "unique", "unique_consecutive", "bincount"})
_SHAPED = frozenset(f"torch.{name}" for name in ("zeros", "ones", "empty", "full", "rand", "randn", "eye"))
_RANGES = frozenset({"torch.arange"})
_SCALARS = (ast.Constant, ast.UnaryOp)
_DEEPEST = 4  # names that stand for other names


def is_data_sized(node: ast.AST, file: File) -> bool:
    """Whether an expression, on the device, has a size that depends on data."""
    if isinstance(node, ast.Subscript):
        is_masked = isinstance(node.ctx, ast.Load) and _has_mask(node, file)
        return is_masked and not _is_written_back(node, file) and not is_of_numpy(node, file)
    return isinstance(node, ast.Call) and _is_data_sized_call(node, file) and not is_of_numpy(node, file)


def is_masked_write(node: ast.AST, file: File) -> bool:
    """Whether a target is `x[mask]`."""
    is_written = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    return is_written and isinstance(node, ast.Subscript) and _has_mask(node, file) and not is_of_numpy(node, file)


def writes_number(node: ast.AST, file: File) -> bool:
    """Whether `x[mask] = value` writes one number everywhere."""
    statement = file.statement(node)
    value = statement.value if isinstance(statement, ast.Assign) else None
    is_float = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in ("float", "int")
    is_constant = isinstance(value, ast.Attribute) and value.attr.isupper()
    is_written = isinstance(value, _SCALARS) and not any(isinstance(n, ast.Name) for n in ast.walk(value))
    return is_float or is_constant or is_written


def _has_mask(node: ast.Subscript, file: File) -> bool:
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return any(is_mask(part, file) for part in parts)


def _is_written_back(node: ast.Subscript, file: File) -> bool:
    """Whether what is read is the same place that the statement writes to, which is told of already."""
    statement = file.statement(node)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return any(ast.unparse(target) == ast.unparse(node) for target in targets)


def _is_data_sized_call(call: ast.Call, file: File) -> bool:
    names = file.called(call)
    if "torch.where" in names:
        return len(call.args) == 1 and not call.keywords
    if "torch.repeat_interleave" in names:
        return _repeats_by_tensor(call, call.args[1:] or call.args, file)
    if names:
        is_range = bool(names & _RANGES)
        sizes = _sizes(call, is_range) if is_range or names & _SHAPED else []
        return bool(names & _ALWAYS) or any(_is_read_size(size, file, _DEEPEST) for size in sizes)
    method = call.func if isinstance(call.func, ast.Attribute) else None
    if method is not None and method.attr == "repeat_interleave":
        return _repeats_by_tensor(call, call.args, file)
    return method is not None and method.attr in _METHODS and is_tensor(method.value, file)


def _repeats_by_tensor(call: ast.Call, repeats: list[ast.expr], file: File) -> bool:
    given = keyword(call, "repeats")
    found = given.value if given is not None else next(iter(repeats), None)
    return found is not None and keyword(call, "output_size") is None and is_tensor(found, file)


def _sizes(call: ast.Call, is_range: bool) -> list[ast.expr]:
    """The arguments that say a size: all of a range's, else the numbers, or those in a tuple that stands first."""
    first = call.args[0] if call.args else None
    if is_range or not isinstance(first, (ast.Tuple, ast.List)):
        return call.args[:1] if not is_range and "full" in ast.unparse(call.func) else call.args
    return first.elts


def _is_read_size(node: ast.expr, file: File, depth: int) -> bool:
    """Whether a size is the number in a tensor: `x.item()`, `int(x)`, `torch.max(x)`, `x.max()`."""
    if isinstance(node, ast.Call):
        return _is_read(node, file, depth)
    parts: list[ast.expr] = []
    if isinstance(node, (ast.BinOp, ast.BoolOp)):
        parts = node.values if isinstance(node, ast.BoolOp) else [node.left, node.right]
    elif isinstance(node, ast.Name):
        home = file.index.scope_of[node].find(node.id)
        bound = home.bindings[node.id] if home is not None else []
        parts = [b.value for b in bound if isinstance(b, Assigned) and not b.path]
    return bool(depth) and any(_is_read_size(part, file, depth - 1) for part in parts)


def _is_read(call: ast.Call, file: File, depth: int) -> bool:
    if isinstance(call.func, ast.Name) and call.func.id == "int" and call.args:
        return bool(depth) and (_is_read_size(call.args[0], file, depth - 1) or is_tensor(call.args[0], file))
    if isinstance(call.func, ast.Attribute) and not file.called(call) and not call.args:
        return call.func.attr in ("item", "max", "sum")
    return bool(file.called(call) & {"torch.max", "torch.sum", "torch.amax"})
