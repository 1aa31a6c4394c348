"""Which arguments a CPU kernel may get as they are, and torch's words for those it may not.

CPU tensors without dimensions may stand among a device's tensors where TensorIterator computes, and nowhere else: all
other operators of a device check that their tensors share it (`device_check` in torch's native_functions.yaml, written
into CUDA's kernels). `takes_host_scalars` says the same of each operator; a test compares it with that file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from migrator.emulator.device import lower_device
from migrator.emulator.operators.schema import Operator
from migrator.emulator.tensors.alias import as_cpu

_MIXED = "Expected all tensors to be on the same device, but found at least two devices, {}!"

# Pointwise, and checked all the same. Names without the underscore of their variants in place.
_ONE_DEVICE = frozenset(
    {"clamp", "clamp_max", "clamp_min", "equal", "gcd", "gelu_backward", "igamma", "igammac", "lcm", "logaddexp"}
    | {"logaddexp2", "logit_backward", "native_dropout_backward", "nextafter", "sigmoid_backward", "silu_backward"}
    | {"tanh_backward", "threshold_backward"}
)
# Not tagged as pointwise, and not checked.
_UNCHECKED = frozenset(
    {"__irshift_", "_index_put_impl", "_validate_compressed_sparse_indices", "bernoulli", "binary_cross_entropy"}
    | {"binomial", "copysign", "eq", "fill", "floor_divide", "ge", "gt", "heaviside", "index", "index_fill"}
    | {"is_set_to", "le", "lt", "masked_fill", "mse_loss", "ne", "rsub", "set", "smooth_l1_loss", "where"}
)

Lowering = Callable[[Any], Any]


def takes_host_scalars(operator: Operator) -> bool:
    """Whether CPU tensors without dimensions may stand among its operands. Kernels of other libraries are not torch's
    to check.
    """
    namespace, _, base = operator.base.removesuffix("_").partition("::")
    if namespace != "aten" or base in _UNCHECKED or base.startswith("_foreach_"):
        return True
    if operator.name.endswith(".tensor_lr"):  # of the fused optimizers, whose learning rate may lie on the host
        return True
    return torch.Tag.pointwise in operator.overload.tags and base not in _ONE_DEVICE


def operand(tensor: Any) -> Any:
    """The CPU alias of an operand that may be a CPU tensor without dimensions."""
    if tensor.is_cpu and tensor.dim():
        raise RuntimeError(_MIXED.format("hpu:0 and cpu"))
    return as_cpu(tensor)


def first_operand(tensor: Any) -> Any:
    """The same for the first operand: torch names the devices in the operands' order."""
    if tensor.is_cpu and tensor.dim():
        raise RuntimeError(_MIXED.format("cpu and hpu:0"))
    return as_cpu(tensor)


def device_operand(tensor: Any) -> Any:
    """The CPU alias of an operand that may be no CPU tensor."""
    if tensor.is_cpu:
        raise RuntimeError(_MIXED.format("hpu:0 and cpu"))
    return as_cpu(tensor)


def written(tensor: Any) -> Any:
    """The CPU alias of a first operand, or of a tensor that the operator writes: never a CPU tensor."""
    if tensor.is_cpu:
        raise RuntimeError(_MIXED.format("cpu and hpu:0"))
    return as_cpu(tensor)


def lower(value: Any) -> Any:
    """Any argument for a CPU kernel: tensors, lists of them and devices are replaced, the rest stays."""
    return _lower(value, operand)


def lower_strictly(value: Any) -> Any:
    """The same for an operator that takes no CPU tensor."""
    return _lower(value, device_operand)


def lower_freely(value: Any) -> Any:
    """The same for index tensors, which may lie on the host."""
    return _lower(value, as_cpu)


def lower_written(value: Any) -> Any:
    """The same for what the operator writes: a tensor, or a list of them."""
    return _lower(value, written)


def _lower(value: Any, tensors: Lowering) -> Any:
    if isinstance(value, Tensor):
        return tensors(value)
    if isinstance(value, list | tuple):
        return [_lower(each, tensors) for each in value]
    return lower_device(value) if isinstance(value, torch.device) else value
