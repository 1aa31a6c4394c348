"""What the operators hpu::optimizer_lamb_* compute (bridge 1.19, hpu_ops/backend/optimizer_lamb_gen.cpp)."""

from __future__ import annotations

from typing import Any

import torch

from habana_frameworks.torch.hpex.device_tensors import require_hpu


def clip_divisor(gradients: list[Any], largest: float) -> Any:
    """The norm of all gradients over `largest` where that is above 1, else 1: a tensor of one element.

    Raises `RuntimeError` for no gradients and `NotImplementedError` for gradients off the device.
    """
    if not gradients:
        raise RuntimeError("hpu::optimizer_lamb_fused_norm: the list of gradients cannot be empty")
    require_hpu("hpu::optimizer_lamb_fused_norm", gradients)
    norm = torch.stack(torch._foreach_norm(gradients)).norm().reshape(1)
    return torch.where(norm <= largest, torch.ones_like(norm), norm / largest)


def update(
    weights: list[Any], states: list[dict[str, Any]], group: dict[str, Any], divisor: Any, *, use_lamb: bool
) -> None:
    """Update weights and moments of a group in place. Raises `NotImplementedError` for tensors off the device."""
    data, gradients = [each.data for each in weights], [each.grad for each in weights]
    first, second = [each["exp_avg"] for each in states], [each["exp_avg_sq"] for each in states]
    require_hpu("hpu::optimizer_lamb_phase1", (*data, *gradients, *first, *second))
    update_moments(first, second, torch._foreach_div(gradients, divisor.squeeze()), group)
    steps = adam_steps(first, second, group)
    decay = group["weight_decay"]
    if decay != 0:
        torch._foreach_add_(steps, data, alpha=decay)
    ratios = trust_ratios(data, steps) if decay != 0 or use_lamb else []
    # In the order of the bridge's second kernel (optimizer_lamb_phase2): the rate, then the ratio, then the sum.
    torch._foreach_mul_(steps, torch.tensor(-group["lr"]).to(data[0].device))
    if ratios:
        torch._foreach_mul_(steps, ratios)
    torch._foreach_add_(data, steps)


def update_moments(first: list[Any], second: list[Any], gradients: list[Any], group: dict[str, Any]) -> None:
    """Both moments in place. Without `grad_averaging` the first one adds whole gradients."""
    beta1, beta2 = group["betas"]
    torch._foreach_mul_(first, beta1)
    torch._foreach_add_(first, gradients, alpha=1.0 - beta1 if group["grad_averaging"] else 1.0)
    torch._foreach_mul_(second, beta2)
    torch._foreach_addcmul_(second, gradients, gradients, 1.0 - beta2)


def adam_steps(first: list[Any], second: list[Any], group: dict[str, Any]) -> list[Any]:
    """The step of each parameter, without weight decay and learning rate."""
    corrections = [1.0 - beta ** group["step"] if group["bias_correction"] else 1.0 for beta in group["betas"]]
    denominators = torch._foreach_div(second, corrections[1])
    torch._foreach_sqrt_(denominators)
    torch._foreach_add_(denominators, group["eps"])
    steps: list[Any] = torch._foreach_div(first, corrections[0])
    torch._foreach_div_(steps, denominators)
    return steps


def trust_ratios(weights: list[Any], steps: list[Any]) -> list[Any]:
    """Norm of the weights over norm of the step, for each; 1 where the step is zero.

    Zero weights have the ratio 0, and stay zero: Gaudi's operator tests the norm of the step only.
    """
    weight_norms, step_norms = torch.stack(torch._foreach_norm(weights)), torch.stack(torch._foreach_norm(steps))
    ratios = torch.where(step_norms > 0, weight_norms / step_norms, torch.ones_like(step_norms))
    return list(ratios.unbind())
