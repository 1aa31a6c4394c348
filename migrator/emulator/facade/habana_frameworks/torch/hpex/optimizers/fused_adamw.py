"""FusedAdamW of habana_frameworks.torch.hpex.optimizers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from habana_frameworks.torch.hpex.adamw_update import check_settings, moments_like, update
from habana_frameworks.torch.hpex.device_tensors import require_dense
from habana_frameworks.torch.hpex.step_marks import mark_step_if_lazy

__all__ = ["FusedAdamW"]


class FusedAdamW(Optimizer):  # type: ignore[misc]
    """AdamW with Gaudi's defaults: eps 1e-6, weight_decay 0.0.

    The count of steps is `group["step"]`; the `step` of a parameter's state stays 0. eps is added to the root of the
    uncorrected second moment. `moments_dtype` is the type of both moments or of each of the two, by default the
    parameter's. Raises `ValueError` for settings out of range and `NotImplementedError` for float8 moments.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        bias_correction: bool = True,
        moments_dtype: Any = None,
    ) -> None:
        check_settings(lr, betas, eps, moments_dtype)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "bias_correction": bias_correction,
        }
        super().__init__(params, defaults)
        self.moments_dtype = moments_dtype

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of every group that has gradients. Returns what `closure` returned."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            mark_step_if_lazy()
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if weights:
                with torch.no_grad():
                    self.step_group(group, weights)
        mark_step_if_lazy()
        return loss

    def step_group(self, group: dict[str, Any], weights: list[Any]) -> None:
        """Step the parameters `weights` of `group`, all of which have gradients."""
        for weight in weights:
            require_dense("Adam", weight.grad, "please consider SparseAdam")
            if not self.state[weight]:
                self.state[weight] = {"step": 0, **moments_like(weight, self.moments_dtype)}
        states = [self.state[weight] for weight in weights]
        group["step"] = group.get("step", 0) + 1
        # Both factors go to the device as tensors of the first weight's type.
        dtype = weights[0].dtype
        decay = 1.0 - group["weight_decay"] * group["lr"]
        update(
            [weight.data for weight in weights],
            [weight.grad for weight in weights],
            states,
            betas=group["betas"],
            eps=group["eps"],
            step_size=_rounded(self.step_size(group), dtype),
            decay=_rounded(decay, dtype),
        )

    def step_size(self, group: dict[str, Any]) -> float:
        """The learning rate, corrected for the moments' bias towards zero where the group asks for that."""
        lr, (beta1, beta2), step = group["lr"], group["betas"], group["step"]
        # Old checkpoints have `correct_bias`; those of torch.optim.AdamW have neither, and correct.
        if not group.get("bias_correction", group.get("correct_bias", True)):
            return float(lr)
        return float(lr) * math.sqrt(1.0 - beta2**step) / (1.0 - beta1**step)


def _rounded(value: float, dtype: Any) -> float:
    """`value` as a tensor of type `dtype` holds it."""
    return float(torch.tensor(value, dtype=dtype))
