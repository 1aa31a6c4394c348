"""FusedLars of habana_frameworks.torch.hpex.optimizers."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim import Optimizer

from habana_frameworks.torch.hpex.device_tensors import require_hpu
from habana_frameworks.torch.hpex.step_marks import mark_step_if_lazy

__all__ = ["FusedLars"]


class FusedLars(Optimizer):  # type: ignore[misc]
    """LARS around another optimizer, whose groups and state it shares.

    It multiplies gradients by the learning rate and by their trust ratio, so that the other one must not apply the
    learning rate again (FusedResourceApplyMomentum does not). `skip_mask` has a number for each parameter of a group,
    by its place there: 0 leaves out trust ratio and weight decay.
    """

    def __init__(self, optimizer: Any, skip_mask: list[int], eeta: float = 0.001, eps: float = 1e-8) -> None:
        self.optim = optimizer
        self.eeta = eeta
        self.eps = eps
        self.skip_mask = skip_mask
        defaults = optimizer.defaults
        defaults.update({"skip_mask": skip_mask, "eeta": eeta, "eps": eps})
        super().__init__(optimizer.param_groups, defaults)
        self.state = optimizer.state

    def zero_grad(self, set_to_none: bool = False) -> None:
        """Zero gradients, or set them to None."""
        self.optim.zero_grad(set_to_none)

    def step(self) -> None:  # no closure, as on a Gaudi
        """Scale gradients in place, then step the other optimizer, with weight decay off."""
        decays = [group.get("weight_decay", 0) for group in self.optim.param_groups]
        for group, decay in zip(self.optim.param_groups, decays, strict=True):
            group["weight_decay"] = 0
            self.scale_gradients(group, decay)
        self.optim.step()
        for group, decay in zip(self.optim.param_groups, decays, strict=True):
            group["weight_decay"] = decay

    def scale_gradients(self, group: dict[str, Any], decay: float) -> None:
        """Scale the gradients of a group in place. Raises `NotImplementedError` for tensors off the device."""
        present = [(weight, skip) for weight, skip in self.masked(group) if weight.grad is not None]
        if not present:
            return
        weights = [weight.data for weight, _ in present]
        gradients = [weight.grad.data for weight, _ in present]
        mark_step_if_lazy()
        require_hpu("hpu::optimizer_lars", (*weights, *gradients))
        adapted = [index for index, (_, mask) in enumerate(present) if mask]
        if adapted:
            self.adapt([weights[index] for index in adapted], [gradients[index] for index in adapted], decay)
        torch._foreach_mul_(gradients, float(group["lr"]))
        mark_step_if_lazy()

    def masked(self, group: dict[str, Any]) -> list[tuple[Any, int]]:
        """Each parameter with its mask; `IndexError` for a mask too short, as on a Gaudi."""
        return [(weight, self.skip_mask[index]) for index, weight in enumerate(group["params"])]

    def adapt(self, weights: list[Any], gradients: list[Any], decay: float) -> None:
        """Add weight decay to gradients and multiply them by their trust ratios, in place."""
        weight_norms, gradient_norms = torch._foreach_norm(weights), torch._foreach_norm(gradients)
        ratios = [
            torch.where(
                (weight > 0) & (gradient > 0),
                self.eeta * weight / (gradient + decay * weight + self.eps),
                torch.ones_like(weight),
            )
            for weight, gradient in zip(weight_norms, gradient_norms, strict=True)
        ]
        torch._foreach_add_(gradients, weights, alpha=decay)
        torch._foreach_mul_(gradients, ratios)
