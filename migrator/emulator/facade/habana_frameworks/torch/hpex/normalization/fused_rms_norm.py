"""FusedRMSNorm of habana_frameworks.torch.hpex.normalization."""

from __future__ import annotations

import operator
from enum import Enum
from typing import Any

import torch

from habana_frameworks.torch.hpex.device_tensors import require_hpu

__all__ = ["FusedRMSNorm", "RmsNormBwdMode"]


class RmsNormBwdMode(Enum):
    """How the device cuts the backward. FusedRMSNorm takes the number: `RmsNormBwdMode.DEFAULT.value`."""

    DEFAULT = 0
    STATIC_CASE_WIDTH_PARTITIONING = 1


class FusedRMSNorm(torch.autograd.Function):  # type: ignore[misc]
    """`apply(x, gamma, eps)`: x over the root of its mean square along the last dimension, times gamma.

    The result has x's shape and type, or float32 where gamma's type is another (bridge 1.19,
    hpu_ops/backend/rms_norm_gen.cpp). `use_stages`, `bwd_mode` and `fast_math` choose kernels on a Gaudi and nothing
    here. Raises `NotImplementedError` for tensors off the device and, in the backward, `TypeError` for a `bwd_mode`
    that is no number.
    """

    @staticmethod
    def forward(
        ctx: Any,
        data_in: Any,
        gamma: Any,
        eps: float,
        use_stages: bool = True,
        bwd_mode: int = 0,
        fast_math: bool = False,
    ) -> Any:
        """x of shape [..., width], gamma of shape [width]; as above."""
        require_hpu("hpu::rms_norm_fast" if fast_math else "hpu::rms_norm", (data_in, gamma))
        ctx.save_for_backward(data_in, gamma)
        ctx.eps, ctx.bwd_mode = eps, bwd_mode
        # The operator is in none of autocast's lists: its parts must not be cast one by one.
        with torch.autocast("hpu", enabled=False):
            normal, _, wide_gamma = _normalized(data_in, gamma, eps)
            return (normal * wide_gamma).to(data_in.dtype if data_in.dtype == gamma.dtype else torch.float32)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, ...]:
        """Gradients of x and gamma."""
        operator.index(ctx.bwd_mode)
        data_in, gamma = ctx.saved_tensors
        with torch.autocast("hpu", enabled=False):
            normal, inverse_rms, wide_gamma = _normalized(data_in, gamma, ctx.eps)
            wide = gradient.to(normal.dtype)
            scaled = wide * wide_gamma
            of_data = inverse_rms * (scaled - normal * (scaled * normal).mean(-1, keepdim=True))
            of_gamma = (wide * normal).reshape(-1, normal.shape[-1]).sum(0)
            return of_data.to(data_in.dtype), of_gamma.reshape(gamma.shape).to(gamma.dtype), None, None, None, None


def _normalized(data: Any, gamma: Any, eps: float) -> tuple[Any, Any, Any]:
    """x over its root mean square, one over that root, and gamma, computed in float32 or wider."""
    wide = torch.promote_types(torch.promote_types(data.dtype, gamma.dtype), torch.float32)
    values = data.to(wide)
    inverse = torch.rsqrt(values.square().mean(-1, keepdim=True) + eps)
    return values * inverse, inverse, gamma.to(wide)
