"""FusedAdagrad of habana_frameworks.torch.hpex.optimizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from habana_frameworks.torch.hpex.device_tensors import require_dense, require_hpu
from habana_frameworks.torch.hpex.step_marks import mark_step_if_lazy

__all__ = ["FusedAdagrad"]


class FusedAdagrad(Optimizer):  # type: ignore[misc]
    """Adagrad. The learning rate that counts is the tensor `group["lr_t"]`, made at construction.

    So schedulers, which set `group["lr"]`, change nothing, and a group added later has no `lr_t`, a `KeyError` in
    `step`. `group["step_t"]` counts steps. Raises `ValueError` for settings out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
    ) -> None:
        settings = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
        }
        for name, value in settings.items():
            if not value >= 0.0:
                raise ValueError(f"Invalid {'learning rate' if name == 'lr' else name + ' value'}: {value}")
        super().__init__(params, settings)
        for group in self.param_groups:
            for weight in group["params"]:
                self.state[weight]["sum"] = torch.full_like(weight.data, initial_accumulator_value)
            group["lr_t"] = torch.tensor([lr]).to("hpu")
            group["step_t"] = torch.tensor([0], dtype=torch.int32).to("hpu")
        mark_step_if_lazy()

    def step(self, closure: Callable[[], Any] | None = None) -> None:
        """One step of every group. Returns nothing, also with a closure, as on a Gaudi."""
        if closure is not None:
            closure()
        for group in self.param_groups:
            mark_step_if_lazy()
            weights = [weight for weight in group["params"] if weight.grad is not None]
            for weight in weights:
                require_dense("Adagrad", weight.grad, "please consider SparseAdagrad")
            group["step_t"].add_(1)
            if weights:
                with torch.no_grad():
                    self.update(weights, group)

    def update(self, weights: list[Any], group: dict[str, Any]) -> None:
        """Update weights and sums in place. Raises `NotImplementedError` for tensors off the device."""
        data, gradients = [weight.data for weight in weights], [weight.grad for weight in weights]
        sums = [self.state[weight]["sum"] for weight in weights]
        require_hpu("hpu::habanaOptimizerFusedAdagrad", (*data, *gradients, *sums))
        if group["weight_decay"] != 0:
            gradients = torch._foreach_add(gradients, data, alpha=group["weight_decay"])
        torch._foreach_addcmul_(sums, gradients, gradients, 1.0)
        denominators = torch._foreach_sqrt(sums)
        torch._foreach_add_(denominators, group["eps"])
        steps = torch._foreach_div(gradients, denominators)
        rate = group["lr_t"] / (1 + (group["step_t"] - 1) * group["lr_decay"])
        torch._foreach_mul_(steps, rate.squeeze())
        torch._foreach_sub_(data, steps)
