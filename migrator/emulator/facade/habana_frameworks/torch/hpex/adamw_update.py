"""What the operator hpu::optimizer_adamw computes (bridge 1.19, hpu_ops/backend/optimizer_adamw_gen.cpp)."""

from __future__ import annotations

from typing import Any

import torch

from habana_frameworks.torch.hpex.device_tensors import require_hpu

_FLOAT8 = {torch.float8_e4m3fn, torch.float8_e5m2}


def check_settings(lr: float, betas: tuple[float, float], eps: float, moments_dtype: Any) -> None:
    """Raise `ValueError` for a setting out of range, and `NotImplementedError` for float8 moments."""
    if lr < 0.0:
        raise ValueError(f"Invalid learning rate: {lr} - should be >= 0.0")
    for beta in betas:
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter: {beta} - should be in [0.0, 1.0[")
    if not eps >= 0.0:
        raise ValueError(f"Invalid epsilon value: {eps} - should be >= 0.0")
    if _FLOAT8.intersection(moments_dtype if isinstance(moments_dtype, tuple) else (moments_dtype,)):
        raise NotImplementedError(f"moments_dtype {moments_dtype}: float8 moments are not emulated")


def moments_like(weight: Any, dtype: Any) -> dict[str, Any]:
    """Zero moments for `weight`, of its shape. `dtype` is of both, of each of the two, or None for the weight's."""
    first, second = dtype if isinstance(dtype, tuple) else (dtype, dtype)
    zeros = torch.zeros_like(weight.detach(), memory_format=torch.contiguous_format)
    return {"exp_avg": zeros.to(first or weight.dtype), "exp_avg_sq": zeros.to(second or weight.dtype, copy=True)}


def update(
    weights: list[Any],
    gradients: list[Any],
    states: list[dict[str, Any]],
    *,
    betas: tuple[float, float],
    eps: float,
    step_size: float,
    decay: float,
) -> None:
    """Update weights and moments in place: `weight * decay - step_size * exp_avg / (sqrt(exp_avg_sq) + eps)`.

    `step_size` holds the bias correction, `decay` is 1 - weight_decay * lr. Moments of another type than the gradients
    are computed in the wider of the two and rounded once. Raises `NotImplementedError` for tensors off the device.
    """
    beta1, beta2 = betas
    first = [state["exp_avg"] for state in states]
    second = [state["exp_avg_sq"] for state in states]
    require_hpu("hpu::optimizer_adamw", (*weights, *gradients, *first, *second))
    wide_first, wide_second = _widened(first, gradients), _widened(second, gradients)
    torch._foreach_mul_(wide_first, beta1)
    torch._foreach_add_(wide_first, gradients, alpha=1.0 - beta1)
    torch._foreach_mul_(wide_second, beta2)
    torch._foreach_addcmul_(wide_second, gradients, gradients, 1.0 - beta2)
    denominators = torch._foreach_sqrt(wide_second)
    torch._foreach_add_(denominators, eps)
    if decay != 1.0:
        torch._foreach_mul_(weights, decay)
    torch._foreach_addcdiv_(weights, wide_first, denominators, -step_size)
    _store(first, wide_first)
    _store(second, wide_second)


def _widened(moments: list[Any], gradients: list[Any]) -> list[Any]:
    return [
        moment.to(torch.promote_types(moment.dtype, gradient.dtype))
        for moment, gradient in zip(moments, gradients, strict=True)
    ]


def _store(moments: list[Any], results: list[Any]) -> None:
    for moment, result in zip(moments, results, strict=True):
        if moment is not result:
            moment.copy_(result)
