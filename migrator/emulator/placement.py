"""Which arguments a CPU kernel may get as they are, and torch's words for those it may not."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from migrator.emulator.alias import as_cpu
from migrator.emulator.device import lower_device

_MIXED = "Expected all tensors to be on the same device, but found at least two devices, {}!"


def operand(tensor: Any) -> Any:
    """The CPU alias of an operand. A CPU tensor may stand among hpu tensors only if it has no dimension."""
    if tensor.is_cpu and tensor.dim():
        raise RuntimeError(_MIXED.format("hpu:0 and cpu"))
    return as_cpu(tensor)


def first_operand(tensor: Any) -> Any:
    """The same for the first operand: torch names the devices in the operands' order."""
    if tensor.is_cpu and tensor.dim():
        raise RuntimeError(_MIXED.format("cpu and hpu:0"))
    return as_cpu(tensor)


def written(tensor: Any) -> Any:
    """The CPU alias of a tensor that the operator writes: never a CPU tensor, not even without dimensions."""
    if tensor.is_cpu:
        raise RuntimeError(_MIXED.format("cpu and hpu:0"))
    return as_cpu(tensor)


def lower(value: Any) -> Any:
    """Any argument for a CPU kernel: tensors, lists of them and devices are replaced, the rest stays."""
    return _lower(value, operand)


def lower_freely(value: Any) -> Any:
    """The same for index tensors, which may lie on the host."""
    return _lower(value, as_cpu)


def _lower(value: Any, tensors: Any) -> Any:
    if isinstance(value, Tensor):
        return tensors(value)
    if isinstance(value, list | tuple):
        return [_lower(each, tensors) for each in value]
    return lower_device(value) if isinstance(value, torch.device) else value
