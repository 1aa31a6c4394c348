"""Kernels of layers for which torch takes another way on a PrivateUse1 device than on a CPU.

Each takes the CPU's way here, so that a run on the emulated device has the CPU's losses to the last bit.
"""

from __future__ import annotations

from typing import Any

import torch

from migrator.emulator.operators.placement import device_operand, lower_strictly
from migrator.emulator.tensors.alias import as_hpu
from migrator.emulator.tensors.traced import is_traced

_aten = torch.ops.aten


def convolution(source: Any, weight: Any, bias: Any, *options: Any) -> Any:
    """`aten::convolution_overrideable`, to which torch sends the convolutions of such devices."""
    return as_hpu(_aten.convolution(device_operand(source), device_operand(weight), lower_strictly(bias), *options))


def convolution_backward(grad: Any, source: Any, weight: Any, *options: Any) -> Any:
    """`aten::convolution_backward_overrideable`; its schema lacks the bias's sizes, which the CPU's operator wants."""
    *geometry, mask = options
    transposed, groups = geometry[3], geometry[5]
    bias_sizes = [weight.size(1) * groups if transposed else weight.size(0)]
    tensors = map(device_operand, (grad, source, weight))
    grads = _aten.convolution_backward(*tensors, bias_sizes, *geometry, mask)
    return tuple(map(as_hpu, grads))


def dropout(source: Any, p: float, train: bool) -> Any:
    """`aten::dropout`, unfused: the fused operator draws and scales in another order."""
    if p < 0 or p > 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not train or p == 0 or source.numel() == 0:
        return source
    if p == 1:
        return source * torch.zeros((), dtype=source.dtype, device=source.device)
    if is_traced(source):
        # For a compiler's tensors: it would turn the line below into an operator that draws in another order where
        # the source is not contiguous. The mask of this one is drawn in the same.
        keep = _aten.native_dropout(source.detach(), p, True)[1]
        return source * keep.to(source.dtype).div(1 - p)
    return source * torch.empty_like(source).bernoulli_(1 - p).div_(1 - p)


KERNELS = {
    "aten::convolution_overrideable": convolution,
    "aten::convolution_backward_overrideable": convolution_backward,
}
