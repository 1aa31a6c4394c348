"""FusedSGD of habana_frameworks.torch.hpex.optimizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.optimizer import required

from habana_frameworks.torch.hpex.device_tensors import require_dense, require_hpu
from habana_frameworks.torch.hpex.step_marks import mark_step_if_lazy

__all__ = ["FusedSGD"]


class FusedSGD(Optimizer):  # type: ignore[misc]
    """SGD; mind that `weight_decay` is the fourth argument and `dampening` the fifth, torch has them the other way.

    Momentum buffers begin at zero, so that dampening scales the first gradient too, which torch spares. A buffer made
    at the first step is float32 whatever the parameter is. Raises `ValueError` for settings out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: Any = required,
        momentum: float = 0,
        weight_decay: float = 0,
        dampening: float = 0,
        nesterov: bool = False,
    ) -> None:
        settings = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "dampening": dampening}
        for name, value in settings.items():
            if not value >= 0.0:
                raise ValueError(f"Invalid {'learning rate' if name == 'lr' else name + ' value'}: {value}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {**settings, "nesterov": nesterov})
        for weight in [each for group in self.param_groups for each in group["params"]]:
            if momentum != 0 and weight.grad is not None:
                self.state[weight]["momentum_buffer"] = torch.zeros_like(weight.data).to("hpu")
        mark_step_if_lazy()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of every group. Returns what `closure` returned."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            for weight in weights:
                require_dense("SGD", weight.grad, "please consider SparseSGD")
            buffers = [self.momentum_buffer(weight) for weight in weights] if group["momentum"] != 0 else []
            mark_step_if_lazy()
            if weights:
                with torch.no_grad():
                    update([weight.data for weight in weights], [weight.grad for weight in weights], buffers, group)
            mark_step_if_lazy()
        return loss

    def momentum_buffer(self, weight: Any) -> Any:
        """The momentum of `weight`, zero at first."""
        state = self.state[weight]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros(weight.grad.shape, device="hpu")
        return state["momentum_buffer"]


def update(weights: list[Any], gradients: list[Any], buffers: list[Any], group: dict[str, Any]) -> None:
    """Update `weights`, and `buffers` where the group has momentum, in place. The gradients stay as they are.

    Raises `NotImplementedError` for tensors off the device.
    """
    require_hpu("hpu::optimizer_sgd", (*weights, *gradients, *buffers))
    if group["weight_decay"] != 0:
        gradients = torch._foreach_add(gradients, weights, alpha=group["weight_decay"])
    if buffers:
        torch._foreach_mul_(buffers, group["momentum"])
        torch._foreach_add_(buffers, gradients, alpha=1.0 - group["dampening"])
        nesterov = group["nesterov"]
        gradients = torch._foreach_add(gradients, buffers, alpha=group["momentum"]) if nesterov else buffers
    torch._foreach_add_(weights, gradients, alpha=-group["lr"])
