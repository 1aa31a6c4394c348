"""FusedLamb of habana_frameworks.torch.hpex.optimizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from habana_frameworks.torch.hpex import lamb_update
from habana_frameworks.torch.hpex.device_tensors import require_dense
from habana_frameworks.torch.hpex.step_marks import mark_step_if_lazy

__all__ = ["FusedLamb"]


class FusedLamb(Optimizer):  # type: ignore[misc]
    """LAMB. The count of steps is `group["step"]`, which schedulers read; the state has no step of its own.

    Gradients are divided by their global norm over `max_grad_norm` where that is above 1; None asks for no clipping.
    The value given here counts, not that of the groups. `adam_w_mode` and `fused` change nothing. `dtype` is the type
    that gradients are cast to for the norm. Raises `RuntimeError` for amsgrad.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - Gaudi's signature
        self,
        params: Any,
        lr: float = 1e-3,
        bias_correction: bool = True,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.01,
        amsgrad: bool = False,
        adam_w_mode: bool = True,
        grad_averaging: bool = True,
        set_grad_none: bool = True,
        max_grad_norm: float | None = 1.0,
        use_lamb: bool = False,
        fused: bool = False,
        dtype: Any = None,
    ) -> None:
        if amsgrad:
            raise RuntimeError("FusedLamb does not support the AMSGrad variant.")
        defaults = {
            "lr": lr,
            "bias_correction": bias_correction,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "grad_averaging": grad_averaging,
            "max_grad_norm": max_grad_norm,
        }
        super().__init__(params, defaults)
        self.fused = fused
        self.adam_w_mode = 1 if adam_w_mode else 0
        self.set_grad_none = set_grad_none
        self.use_lamb = use_lamb
        self.device = self.param_groups[0]["params"][0].device
        self.dtype = dtype

    def zero_grad(self) -> None:  # no argument, as on a Gaudi
        """Set gradients to None or zero, as asked at construction."""
        super().zero_grad(set_to_none=self.set_grad_none)

    def step(self, closure: Callable[[], Any] | None = None) -> None:
        """One step of every group. Returns nothing, also with a closure, as on a Gaudi.

        Raises `RuntimeError` when clipping is on and no parameter has a gradient.
        """
        if closure is not None:
            closure()
        with torch.no_grad():
            divisor = self.clip_divisor()
        for group in self.param_groups:
            group["step"] = group.get("step", 0) + 1
            weights = [weight for weight in group["params"] if weight.grad is not None]
            states = [self.filled_state(weight) for weight in weights]
            mark_step_if_lazy()
            mark_step_if_lazy()
            if weights:
                with torch.no_grad():
                    lamb_update.update(weights, states, group, divisor, use_lamb=self.use_lamb)
            mark_step_if_lazy()
            mark_step_if_lazy()

    def clip_divisor(self) -> Any:
        """What gradients are divided by: a tensor of one element, at least 1."""
        largest = self.defaults["max_grad_norm"]
        if largest is None:
            return torch.ones(1, device=self.device)
        gradients = [each.grad for group in self.param_groups for each in group["params"] if each.grad is not None]
        for gradient in gradients:
            require_dense("Lamb", gradient, "consider SparseAdam instead.")
        if self.dtype is not None:
            gradients = [gradient.to(self.dtype) for gradient in gradients]
        return lamb_update.clip_divisor(gradients, largest)

    def filled_state(self, weight: Any) -> dict[str, Any]:
        """The moments of `weight`, zero at first, on the device that the first parameter had at construction."""
        state: dict[str, Any] = self.state[weight]
        if not state:
            for name in ("exp_avg", "exp_avg_sq"):
                state[name] = torch.zeros(weight.shape, dtype=weight.dtype, device=self.device)
        return state
