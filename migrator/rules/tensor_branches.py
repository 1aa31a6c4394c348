"""Advice: Python that decides by what is in a tensor, in every step. Changes nothing.

    if (x > limit).any():          while error.item() > 1e-3:          assert torch.isfinite(loss)

The host has to wait for the device before it can decide, a lazy graph ends there, torch.compile breaks its graph there,
and HPU graphs replay the side that was taken when they were recorded. Told of once a statement, in forward passes, in
loops that train and in what these call; of a read by `item()` in a loop the rule host-reads tells. Tests of shapes,
types, None and flags decide without the device and are none.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/HPU_Graphs_Training.html (limitations)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._batch_parts import is_builtin
from migrator.rules._device_code import DeviceNode, device_code, once_a_statement
from migrator.rules._host_values import host_read
from migrator.rules._tensor_values import is_of_numpy, is_tensor, is_tensor_parameter

_READERS = frozenset({"torch.equal", "torch.allclose", "torch.is_nonzero"})
_REDUCTIONS = frozenset({"any", "all", "max", "min", "sum"})
_IDENTITY = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
_DECIDES = "Python decides here by what is in a tensor: the host waits for the device in every step"
_CHECKS = "an assertion reads a tensor: the host waits for the device in every step"
_WHERE = "Let the device decide: compute both sides and choose with torch.where, or multiply by the condition."
_ONCE = "Check the first batch only, or where losses are logged, or behind a switch for debugging."


class TensorBranches(Rule):
    """Advice about branches, loops and assertions on tensors."""

    name = "tensor-branches"
    kind = Kind.MODIFIED
    reason = "A decision of the host's waits for the device and ends the graph."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/HPU_Graphs_Training.html"
    needles = (b"torch",)
    nodes = (ast.Module,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All of a file."""
        tests = ((found, getattr(found.node, "test", None)) for found in device_code(file))
        reading = {f.node: test for f, test in tests if isinstance(test, ast.expr) and _reads(test, f, file)}
        for spot in once_a_statement(reading, file):
            is_check = isinstance(spot, ast.Assert)
            yield self.finding(file, reading[spot], _CHECKS if is_check else _DECIDES, _ONCE if is_check else _WHERE)


def _reads(test: ast.expr, found: DeviceNode, file: File) -> bool:
    in_loop = not isinstance(found.place, ast.FunctionDef)
    is_told = in_loop and any(host_read(node, file) for node in ast.walk(test))
    return not is_told and _decides(test, file) and not is_of_numpy(test, file)


def _decides(test: ast.expr, file: File) -> bool:
    """Whether the truth of an expression is in a tensor."""
    if isinstance(test, ast.BoolOp):
        is_skipped = isinstance(test.op, ast.And) and any(_is_float16(value, file) for value in test.values)
        return not is_skipped and any(_decides(value, file) for value in test.values)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _decides(test.operand, file)
    if isinstance(test, ast.Compare):
        sides = [test.left, *test.comparators]
        return not isinstance(test.ops[0], _IDENTITY) and any(_is_value(side, file) for side in sides)
    if isinstance(test, ast.Call) and is_builtin(test.func, {"bool", "any", "all"}, file):
        return any(_is_value(argument, file) for argument in test.args)
    return _is_value(test, file)


def _is_float16(test: ast.expr, file: File) -> bool:
    """Whether a test asks for float16, which nothing is on Gaudi: autocast is bfloat16."""
    is_test = isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)
    return is_test and isinstance(test, ast.Compare) and "torch.float16" in file.names(test.comparators[0])


def _is_value(node: ast.expr, file: File) -> bool:
    """Whether an expression is a tensor, or a number that was read from one."""
    if isinstance(node, ast.Name) and is_tensor_parameter(node, file):
        return False  # `if mask:` asks whether there is one
    if isinstance(node, ast.BinOp):
        return any(_is_value(side, file) for side in (node.left, node.right))
    read = host_read(node, file)
    if read is not None:
        return read.by_item or is_tensor(read.tensor, file)
    is_reader = isinstance(node, ast.Call) and bool(file.called(node) & _READERS)
    return is_reader or _is_reduction(node, file) or is_tensor(node, file)


def _is_reduction(node: ast.expr, file: File) -> bool:
    """Whether an expression is `x.any()`, `x.max()` and the like, which in this code is a tensor's."""
    is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not file.called(node)
    return is_method and isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _REDUCTIONS and not node.args
