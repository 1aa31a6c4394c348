"""Reads of single numbers from the device, and whether what they read is known to be a tensor."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from migrator.core.bindings import Assigned
from migrator.core.file import File
from migrator.rules._collation import definition
from migrator.rules._host_memory import Loop
from migrator.rules._steps_of_training import backward_calls

_CALLEE = re.compile(r"(?i)(model|net|network|module|criterion|criteria|objective|loss|loss_?f\w*)\d*$")
CLIPS = frozenset({"torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_norm"})
_ON_HOST = frozenset(
    {
        *("item", "tolist", "numpy", "size", "dim", "numel", "nelement", "stride", "get_device", "data_ptr"),
        *("shape", "ndim", "dtype", "device", "requires_grad", "is_leaf", "names"),
    }
)
_PLAIN_TESTS = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
_DEEPEST = 12  # assignments and operators that are followed


@dataclass(frozen=True)
class HostRead:
    """A read: the expression that gives the number, and the tensor without what only copied or detached it."""

    node: ast.expr
    tensor: ast.expr
    by_item: bool  # only tensors and NumPy's values have `item`; float() and int() take anything

    def is_of_tensor(self, loop: Loop, file: File) -> bool:
        """Whether what is read is known to be a tensor."""
        return is_tensor(self.tensor, loop, file) if self.by_item else goes_back(self.tensor, loop)


def host_read(node: ast.AST, file: File) -> HostRead | None:
    """The read that `node` is: `x.item()`, or x in `float(x)`; whether x is a tensor is another question."""
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    func = node.func
    if isinstance(func, ast.Attribute) and func.attr == "item" and not node.args and not file.called(node):
        return HostRead(node, _bare(func.value), True)
    if isinstance(func, ast.Name) and func.id in ("float", "int") and len(node.args) == 1:
        argument = node.args[0]
        is_builtin = file.index.scope_of[func].find(func.id) is None
        return HostRead(argument, _bare(argument), False) if is_builtin and not host_read(argument, file) else None
    return None


def _bare(node: ast.expr) -> ast.expr:
    """A tensor without `.detach()`, `.data`, `.cpu()` and `.to("cpu")`, which change no value."""
    while True:
        if isinstance(node, ast.Attribute) and node.attr == "data":
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _only_moves(node, node.func.attr):
            node = node.func.value
        else:
            return node


def _only_moves(call: ast.Call, method: str) -> bool:
    arguments = [getattr(a, "value", None) for a in call.args]
    known = (method in ("detach", "cpu") and not arguments) or (method == "to" and arguments == ["cpu"])
    return known and not call.keywords


def goes_back(node: ast.expr, loop: Loop) -> bool:
    """Whether the loop's backward pass starts at this very name: `loss.backward()`, `scaler.scale(loss).backward()`."""
    if not isinstance(node, ast.Name):
        return False
    starts = (start for call in backward_calls(loop) for start in _starts(call))
    return any(isinstance(start, ast.Name) and start.id == node.id for start in starts)


def _starts(call: ast.Call) -> list[ast.expr]:
    """What `backward` is called on or with, through a scaler and a division."""
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    found = [receiver, *call.args[:1], *(receiver.args[:1] if isinstance(receiver, ast.Call) else [])]
    return [each.left if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Div) else each for each in found]


def is_tensor(node: ast.expr, loop: Loop, file: File, depth: int = _DEEPEST) -> bool:
    """Whether an expression is known to be a tensor: it comes from a model or a criterion, or goes back."""
    if not depth:
        return False
    if goes_back(node, loop) or (isinstance(node, ast.Call) and _gives_tensor(node, file)):
        return True
    if isinstance(node, ast.Name):
        values = _assigned(node, file)
        return bool(values) and all(is_tensor(value, loop, file, depth - 1) for value in values)
    return any(is_tensor(part, loop, file, depth - 1) for part in _operands(node, file))


def _assigned(name: ast.Name, file: File) -> list[ast.expr]:
    """All that a name is assigned, but for values made of itself; nothing where it is also bound in another way."""
    home = file.index.scope_of[name].find(name.id)
    bound = home.bindings[name.id] if home is not None else []
    if not all(isinstance(b, Assigned) for b in bound):
        return []
    values = [b.value for b in bound if isinstance(b, Assigned)]
    return [v for v in values if not any(isinstance(n, ast.Name) and n.id == name.id for n in ast.walk(v))]


def _operands(node: ast.expr, file: File) -> list[ast.expr]:
    """The expressions any of which, by being a tensor, makes `node` one."""
    if isinstance(node, ast.Call):
        return _of_call(node, file)
    if isinstance(node, ast.Attribute):
        return [] if node.attr in _ON_HOST or file.names(node) else [node.value]
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.Compare):
        return [] if isinstance(node.ops[0], _PLAIN_TESTS) else [node.left, *node.comparators]
    return [node.value] if isinstance(node, ast.Subscript) else []


def _of_call(call: ast.Call, file: File) -> list[ast.expr]:
    """What a function of the file returns, the arguments of one of torch, or what a method is called on."""
    if function := definition(call.func, file):
        return [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value is not None]
    if names := file.called(call):
        return call.args if all(name.startswith("torch.") for name in names) else []
    return _operands(call.func, file) if isinstance(call.func, ast.Attribute) else []


def _gives_tensor(call: ast.Call, file: File) -> bool:
    """Whether a call is one of a model, a criterion, or torch's function that gives the norm it clips."""
    if names := file.called(call):
        return names <= CLIPS
    if definition(call.func, file) is not None:
        return False  # what it returns says more than its name
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return bool(_CALLEE.search(last)) or any(name.startswith("torch.nn.") for name in file.origins(call.func))
