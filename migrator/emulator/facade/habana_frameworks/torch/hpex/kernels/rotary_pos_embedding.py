"""Rotary embeddings of habana_frameworks.torch.hpex.kernels."""

from __future__ import annotations

from typing import Any

import torch

from habana_frameworks.torch.hpex.rotation import (
    RotaryPosEmbeddingMode,
    rotate,
    rotate_back,
    rotate_cached_pairs,
    same_type,
)

__all__ = [
    "RotaryPosEmbeddingHelperV1",
    "RotaryPosEmbeddingHelperV2",
    "RotaryPosEmbeddingHelperV3",
    "RotaryPosEmbeddingMode",
    "apply_rotary_pos_emb",
]


def apply_rotary_pos_emb(p: Any, *args: Any) -> Any:
    """`(p, cos, sin, position_ids=None, offset=0, mode=BLOCKWISE)`, or `(p, rope_cache)`: `p` rotated by position.

    The first form has no gradient, as on a Gaudi, whose operator has no autograd formula: use a helper's `apply`.
    """
    if len(args) == 1:
        return RotaryPosEmbeddingHelperV3.apply(p, args[0])
    cos, sin, position_ids, offset, mode = (*args, *(None, 0, RotaryPosEmbeddingMode.BLOCKWISE)[len(args) - 2 :])
    with torch.no_grad():
        return rotate(*same_type(p, cos, sin), position_ids, offset, mode)


class RotaryPosEmbeddingHelperV1(torch.autograd.Function):  # type: ignore[misc]
    """`apply(p, cos, sin, offset)`: rotates halves; cos and sin are read from `offset` on in their last dimension."""

    @staticmethod
    def forward(ctx: Any, p: Any, cos: Any, sin: Any, offset: int) -> Any:
        """p of shape [..., width]; cos and sin broadcast to it."""
        ctx.save_for_backward(cos, sin)
        ctx.offset = offset
        return rotate(*same_type(p, cos, sin), None, offset, RotaryPosEmbeddingMode.BLOCKWISE)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, ...]:
        """The gradient of p; cos and sin get none."""
        values = same_type(gradient, *ctx.saved_tensors)
        return rotate_back(*values, None, ctx.offset, RotaryPosEmbeddingMode.BLOCKWISE), None, None, None


class RotaryPosEmbeddingHelperV2(torch.autograd.Function):  # type: ignore[misc]
    """`apply(p, cos, sin, position_ids)`: rotates halves; cos and sin are tables, read at each token's position."""

    @staticmethod
    def forward(ctx: Any, p: Any, cos: Any, sin: Any, position_ids: Any) -> Any:
        """p of shape [batch, heads, length, width], tables [1, 1, positions, width], ids [batch, length]."""
        ctx.save_for_backward(cos, sin, position_ids)
        return rotate(*same_type(p, cos, sin), position_ids, 0, RotaryPosEmbeddingMode.BLOCKWISE)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, ...]:
        """The gradient of p; cos and sin get none."""
        cos, sin, position_ids = ctx.saved_tensors
        values = same_type(gradient, cos, sin)
        return rotate_back(*values, position_ids, 0, RotaryPosEmbeddingMode.BLOCKWISE), None, None, None


class RotaryPosEmbeddingHelperV3(torch.autograd.Function):  # type: ignore[misc]
    """`apply(p, rope_cache)`: rotates neighbouring pairs by the cosines and sines of a cache, as ChatGLM does."""

    @staticmethod
    def forward(ctx: Any, p: Any, rope_cache: Any) -> Any:
        """p of shape [length, batch, heads, width], the cache [positions, ..., pairs, 2]; beyond the pairs p stays."""
        ctx.save_for_backward(rope_cache)
        return rotate_cached_pairs(p, rope_cache, backwards=False)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, None]:
        """The gradient of p; the cache gets none."""
        (rope_cache,) = ctx.saved_tensors
        return rotate_cached_pairs(gradient, rope_cache, backwards=True), None
