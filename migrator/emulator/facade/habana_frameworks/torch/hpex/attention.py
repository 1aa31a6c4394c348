"""What the operators hpu::sdpa_* compute (bridge 1.19, hpex/kernels/FusedSDPA.py and its tests)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn import functional

from habana_frameworks.torch import hpu


@dataclass
class Attention:
    """Attention with everything but its three tensors. `extra` fills with what was asked for besides the result."""

    mask: Any
    dropout_p: float
    is_causal: bool
    scale: float | None
    valid_lengths: Any  # [batch]: how many tokens of each sequence are none of padding
    padding: str  # "left" or "right"
    wants_dropout_mask: bool
    wants_probabilities: bool
    extra: list[Any] = field(default_factory=list)

    def check(self, needs_gradient: bool, softmax_mode: str, recompute: bool | None) -> None:
        """Raise `AssertionError` for combinations that Gaudi has not."""
        if self.wants_probabilities:
            if needs_gradient:
                raise AssertionError("return_attn_probs is supported only for inference mode")
            recompute = False
        elif recompute is None:
            recompute = hpu.recompute_sdp_enabled()
        if recompute and needs_gradient and softmax_mode == "fast" and not self.is_causal:
            raise AssertionError(
                "Optimized softmax mode is supported in recompute training mode only in causal(triangular) mask case"
            )
        if self.valid_lengths is not None and (needs_gradient or not self.is_causal or self.mask is not None):
            raise AssertionError(
                "Valid sequence length is supported only in inference with is_causal(triangular) mask case"
            )
        if recompute and self.wants_dropout_mask:
            raise AssertionError("Return_dropout_mask is not supported in recompute mode")

    def __call__(self, query: Any, key: Any, value: Any) -> Any:
        """The result, of query's shape with value's width."""
        if self.valid_lengths is not None or self.wants_dropout_mask or self.wants_probabilities:
            return self.step_by_step(query, *(_as_many_heads(each, query) for each in (key, value)))
        return functional.scaled_dot_product_attention(
            query,
            key,
            value,
            self.mask,
            self.dropout_p,
            self.is_causal,
            scale=self.scale,
            enable_gqa=query.dim() == 4 and query.shape[1] != key.shape[1],
        )

    def step_by_step(self, query: Any, key: Any, value: Any) -> Any:
        """The same with its probabilities and dropout mask at hand."""
        scale = 1.0 / math.sqrt(query.shape[-1]) if self.scale is None else self.scale
        scores = query @ key.transpose(-2, -1) * scale
        if self.mask is not None and self.mask.dtype is not torch.bool:
            scores = scores + self.mask
        visible = self.visible(scores)
        # A token of padding sees nothing: its row is zero, not nan.
        probabilities = scores.masked_fill(~visible, float("-inf")).softmax(-1).masked_fill(~visible, 0.0)
        if self.wants_probabilities:
            self.extra.append(probabilities.detach())
        keep = torch.rand_like(probabilities, dtype=torch.float32) >= self.dropout_p
        if self.wants_dropout_mask:
            self.extra.append(keep.to(torch.int8))
        if self.dropout_p > 0.0:
            probabilities = probabilities * keep / (1.0 - self.dropout_p)
        return probabilities @ value

    def visible(self, scores: Any) -> Any:
        """Which key each query may attend, of the shape of `scores`."""
        visible = torch.ones_like(scores, dtype=torch.bool)
        if self.mask is not None and self.mask.dtype is torch.bool:
            visible = visible & self.mask
        if self.is_causal:
            visible = visible.tril()
        if self.valid_lengths is not None:
            length = scores.shape[-1]
            places = torch.arange(length, device=scores.device)
            lengths = self.valid_lengths.reshape(-1, *(1,) * (scores.dim() - 1))
            visible = visible & (places < lengths if self.padding == "right" else places >= length - lengths)
        return visible


def _as_many_heads(values: Any, query: Any) -> Any:
    if query.dim() != 4 or values.shape[1] == query.shape[1]:
        return values
    return values.repeat_interleave(query.shape[1] // values.shape[1], dim=1)
