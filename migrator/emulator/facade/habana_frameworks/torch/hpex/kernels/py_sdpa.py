"""PySDPA of habana_frameworks.torch.hpex.kernels."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from habana_frameworks.torch.hpex import inner_graph
from habana_frameworks.torch.hpex.device_tensors import require_hpu

__all__ = ["PySDPA", "PySDPAHinted"]


def _forward(ctx: Any, q: Any, k: Any, v: Any, is_causal: bool) -> Any:
    require_hpu("hpu::scaled_triangular_softmax", (q, k, v))
    if q.dim() != 4 or q.shape[2] != k.shape[2]:
        raise ValueError(f"PySDPA takes four dimensions and as many keys as queries, not {q.shape} and {k.shape}")
    return inner_graph.run(
        ctx,
        lambda *qkv: functional.scaled_dot_product_attention(*qkv, is_causal=is_causal),
        q,
        k,
        v,
    )


class PySDPA(torch.autograd.Function):  # type: ignore[misc]
    """`apply(q, k, v, is_causal, with_slice)`: attention without mask and dropout; slicing changes nothing here.

    Raises `ValueError` for other shapes than [batch, heads, length, width] and `NotImplementedError` off the device.
    """

    @staticmethod
    def forward(ctx: Any, q: Any, k: Any, v: Any, is_causal: bool = False, with_slice: bool = False) -> Any:
        """The shape of q, with v's width."""
        return _forward(ctx, q, k, v, is_causal)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, ...]:
        """The gradients of q, k and v."""
        return *inner_graph.gradients(ctx, gradient), None, None


class PySDPAHinted(torch.autograd.Function):  # type: ignore[misc]
    """The same with hints for Gaudi's compiler, which change nothing here."""

    @staticmethod
    def forward(ctx: Any, q: Any, k: Any, v: Any, is_causal: bool = False, with_slice: bool = True) -> Any:
        """The shape of q, with v's width."""
        return _forward(ctx, q, k, v, is_causal)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, ...]:
        """The gradients of q, k and v."""
        return *inner_graph.gradients(ctx, gradient), None, None
