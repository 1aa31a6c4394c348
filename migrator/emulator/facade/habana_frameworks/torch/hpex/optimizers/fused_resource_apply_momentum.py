"""FusedResourceApplyMomentum of habana_frameworks.torch.hpex.optimizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from habana_frameworks.torch.hpex.device_tensors import require_hpu
from habana_frameworks.torch.hpex.step_marks import mark_step_if_lazy

__all__ = ["FusedResourceApplyMomentum"]


class FusedResourceApplyMomentum(Optimizer):  # type: ignore[misc]
    """Momentum over gradients that FusedLars has already multiplied by the learning rate.

    As in the bridge's source (release 1.19.0), the first step ADDS the gradient and keeps it as the momentum; later
    ones subtract it. lr, weight_decay and nesterov are kept in the groups and not used. Raises `ValueError` for
    settings out of range.
    """

    def __init__(
        self, params: Any, lr: float, momentum: float = 0, weight_decay: float = 0, nesterov: bool = False
    ) -> None:
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and momentum <= 0:
            raise ValueError("Nesterov momentum requires a momentum")
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "nesterov": nesterov})

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("nesterov", False)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of every group. Returns what `closure` returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            mark_step_if_lazy()
            if weights:
                with torch.no_grad():
                    self.apply(weights, group["momentum"])
            mark_step_if_lazy()
        return loss

    def apply(self, weights: list[Any], momentum: float) -> None:
        """Step `weights` in place. The first one's state says for all whether this is the first step.

        Raises `NotImplementedError` for tensors off the device.
        """
        data, gradients = [weight.data for weight in weights], [weight.grad for weight in weights]
        if self.state[weights[0]].get("momentum_buffer") is None:
            for weight, gradient in zip(weights, gradients, strict=True):
                self.state[weight]["momentum_buffer"] = gradient.clone() if momentum != 0 else None
            torch._foreach_add_(data, gradients)
            return
        buffers = [self.state[weight]["momentum_buffer"] for weight in weights]
        require_hpu("hpu::optimizer_resource_apply_momentum", (*data, *gradients, *buffers))
        torch._foreach_mul_(buffers, momentum)
        torch._foreach_sub_(buffers, gradients)
        torch._foreach_add_(data, buffers)
