"""FusedSDPA of habana_frameworks.torch.hpex.kernels."""

from __future__ import annotations

from typing import Any

import torch

from habana_frameworks.torch.hpex import inner_graph
from habana_frameworks.torch.hpex.attention import Attention
from habana_frameworks.torch.hpex.device_tensors import require_hpu

__all__ = ["FusedSDPA"]


class FusedSDPA(torch.autograd.Function):  # type: ignore[misc]
    """`apply(q, k, v, attn_mask, dropout_p, is_causal, scale, softmax_mode, recompute_mode, ...)`: attention.

    q has shape [batch, heads, length, width] or [batch, length, width]; keys and values may have fewer heads. A boolean
    mask says where to attend, another is added; neither gets a gradient. `softmax_mode` and `recompute_mode` change no
    result here, but what Gaudi asserts of them is asserted. Raises `AssertionError` for combinations that Gaudi has
    not, and `NotImplementedError` for tensors off the device.
    """

    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917 - Gaudi's signature
        ctx: Any,
        q: Any,
        k: Any,
        v: Any,
        attn_mask: Any = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        softmax_mode: str = "None",
        recompute_mode: bool | None = None,
        valid_seq_len: Any = None,
        seq_padding_type: str = "left",
        return_dropout_mask: bool = False,
        return_attn_probs: bool = False,
    ) -> Any:
        """The result, then the attention's probabilities and the dropout mask if asked for."""
        require_hpu("hpu::sdpa_fwd", (q, k, v, attn_mask, valid_seq_len))
        attention = Attention(
            attn_mask,
            dropout_p,
            is_causal,
            scale,
            valid_seq_len,
            seq_padding_type.lower(),
            return_dropout_mask,
            return_attn_probs,
        )
        needs_gradient = any(each.requires_grad for each in (q, k, v))
        attention.check(needs_gradient, softmax_mode.lower(), recompute_mode)
        # The operator is in none of autocast's lists of the bridge.
        with torch.autocast("hpu", enabled=False):
            result = inner_graph.run(ctx, attention, q, k, v)
        extra = attention.extra
        ctx.mark_non_differentiable(*extra)
        return (result, *extra) if extra else result

    @staticmethod
    def backward(ctx: Any, gradient: Any, *of_extra: Any) -> tuple[Any, ...]:
        """The gradients of q, k and v."""
        return *inner_graph.gradients(ctx, gradient), *(None,) * 10
