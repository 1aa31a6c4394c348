"""Softmax over the first columns of each row, of habana_frameworks.torch.hpex.kernels.Softmax."""  # noqa: N999 - Gaudi's

from __future__ import annotations

from typing import Any

import torch

from habana_frameworks.torch.hpex import inner_graph
from habana_frameworks.torch.hpex.device_tensors import require_hpu

__all__ = ["RaggedSoftmax", "triu_masked_softmax"]


class RaggedSoftmax(torch.autograd.Function):  # type: ignore[misc]
    """`apply(x, dim, half_to_float, valid_count)`: softmax of the first `valid_count` values of a row, zero beyond.

    x has shape [rows, 1, 1, width] and `valid_count` [rows]. Raises `NotImplementedError` off the device, and for
    another dimension than the last.
    """

    @staticmethod
    def forward(ctx: Any, input: Any, dim: int, half_to_float: bool, valid_count: Any) -> Any:  # noqa: A002
        """Same shape as `input`; float32 where `half_to_float`."""
        require_hpu("hpu::ragged_softmax", (input, valid_count))
        if dim not in (-1, input.dim() - 1):
            raise NotImplementedError(f"RaggedSoftmax is emulated along the last dimension, not {dim}")
        places = torch.arange(input.shape[-1], device=input.device)
        beyond = places >= valid_count.reshape(-1, *(1,) * (input.dim() - 1))

        def compute(values: Any) -> Any:
            wide = values.float() if half_to_float else values
            return wide.masked_fill(beyond, float("-inf")).softmax(-1).masked_fill(beyond, 0.0)

        return inner_graph.run(ctx, compute, input)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, ...]:
        """The gradient of `input`."""
        return *inner_graph.gradients(ctx, gradient), None, None, None


def triu_masked_softmax(input: Any) -> Any:  # noqa: A002 - Gaudi's signature
    """Causal softmax: row i of the last two dimensions sees its first i + 1 columns."""
    *batch, rows, width = input.shape
    counts = torch.arange(1, rows + 1, device=input.device).repeat(torch.Size(batch).numel())
    return RaggedSoftmax.apply(input.reshape(-1, 1, 1, width), -1, False, counts).reshape(input.shape)
