"""Adam and AdamW in plain PyTorch, with the arguments, defaults and checkpoints of apex's FusedAdam.

It is for what torch's own classes do not do: no bias correction, float32 copies of 16-bit parameters
(`master_weights`), and the arguments of the older class in apex.contrib.optimizers, which are the last three:

    eps_inside_sqrt   m / sqrt(v + eps) in place of m / (sqrt(v) + eps)
    max_grad_norm     the gradients of each parameter group are scaled down to this norm; 0: they are not
    correct_step      the bias correction scales the whole step, weight decay included, and not the moments, as there

At step t of a group, without these:

    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    p = p - lr * (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay * p)

With adam_w_mode=False weight_decay * p is added to g instead. All of it is float32, whatever the parameters are. What
changes from step to step goes to the device as tensors: as Python numbers it would be part of a lazy graph, and
compiled anew each step. As in apex, `step` is kept in the parameter groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

STATE = ("exp_avg", "exp_avg_sq")


class FusedAdam(Optimizer):
    """Takes the place of apex.optimizers.FusedAdam; a group's tensors are updated by a few calls on lists."""

    def __init__(  # noqa: PLR0913, PLR0917  apex's arguments, in apex's order
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        bias_correction: bool = True,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        adam_w_mode: bool = True,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        set_grad_none: bool = True,
        capturable: bool = False,  # about CUDA graphs
        master_weights: bool = False,
        *,
        eps_inside_sqrt: bool = False,
        max_grad_norm: float = 0.0,
        correct_step: bool = False,
    ) -> None:
        if amsgrad:
            raise RuntimeError("FusedAdam does not support the AMSGrad variant.")
        defaults = {
            "lr": lr,
            "bias_correction": bias_correction,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "max_grad_norm": max_grad_norm,
        }
        super().__init__(params, defaults)
        self.adam_w_mode = adam_w_mode
        self.set_grad_none = set_grad_none
        self.master_weights = master_weights
        self.eps_inside_sqrt = eps_inside_sqrt
        self.correct_step = correct_step

    def zero_grad(self, set_to_none: bool | None = None) -> None:
        """Drop the gradients, or zero them; the constructor's `set_grad_none` decides where nothing is said here."""
        super().zero_grad(set_to_none=self.set_grad_none if set_to_none is None else set_to_none)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step; groups without gradients count it too."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            group["step"] = group.get("step", 0) + 1
            params = [p for p in group["params"] if p.grad is not None]
            if params:
                self._update(group, params)
        return loss

    def _update(self, group: dict[str, Any], params: list[Tensor]) -> None:
        weights = [self._weight(p) for p in params]
        means, squares = ([self._moment(p, name) for p in params] for name in STATE)
        grads = _clipped([_wide(p.grad) for p in params], group.get("max_grad_norm", 0.0))
        if not self.adam_w_mode and group["weight_decay"]:
            grads = torch._foreach_add(grads, weights, alpha=group["weight_decay"])
        _average(group, grads, means, squares)
        correction1, correction2, rate = self._numbers(group, weights[0].device)
        updates = torch._foreach_div(means, [correction1] * len(means))
        torch._foreach_div_(updates, self._roots(squares, correction2, group["eps"]))
        if self.adam_w_mode and group["weight_decay"]:
            torch._foreach_add_(updates, weights, alpha=group["weight_decay"])
        torch._foreach_mul_(updates, [rate] * len(updates))
        torch._foreach_sub_(weights, updates)
        for p, weight in zip(params, weights):  # noqa: B905  of one length, and Python 3.8 has no strict=
            if weight is not p:
                p.copy_(weight)

    def _numbers(self, group: dict[str, Any], device: torch.device) -> tuple[Tensor, ...]:
        """What the two moments are divided by, and the learning rate."""
        first, second = (1 - b ** group["step"] if group["bias_correction"] else 1.0 for b in group["betas"])
        rate = group["lr"]
        if self.correct_step:
            first, second, rate = 1.0, 1.0, rate * second**0.5 / first
        return torch.tensor([first, second, rate], dtype=torch.float32).to(device).unbind()

    def _roots(self, squares: list[Tensor], correction: Tensor, eps: float) -> list[Tensor]:
        """What the first moments are divided by."""
        roots = torch._foreach_div(squares, [correction] * len(squares))
        if self.eps_inside_sqrt:
            torch._foreach_add_(roots, eps)
        torch._foreach_sqrt_(roots)
        if not self.eps_inside_sqrt:
            torch._foreach_add_(roots, eps)
        return list(roots)

    def _weight(self, p: Tensor) -> Tensor:
        """What is updated: a float32 parameter itself, or a float32 copy, which stays with `master_weights`."""
        state = self.state[p]
        if "master_param" in state:
            return state["master_param"]
        weight = _wide(p)
        if self.master_weights and weight is not p:
            state["master_param"] = weight
        return weight

    def _moment(self, p: Tensor, name: str) -> Tensor:
        state = self.state[p]
        if name not in state:
            state[name] = torch.zeros_like(_wide(p), memory_format=torch.preserve_format)
        return state[name]

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load a checkpoint of this class or of apex's; states keep their precision, which torch would cut."""
        super().load_state_dict(state_dict)
        numbers = [number for group in state_dict["param_groups"] for number in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        for number, p in zip(numbers, params):  # noqa: B905
            for name, value in state_dict["state"].get(number, {}).items():
                if name in (*STATE, "master_param"):
                    self.state[p][name] = _wide(value.detach().to(p.device, copy=True))


def _wide(tensor: Tensor) -> Tensor:
    """The tensor itself, or a float32 copy of one that is shorter."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def _average(group: dict[str, Any], grads: list[Tensor], means: list[Tensor], squares: list[Tensor]) -> None:
    """Move the running averages of gradients and of their squares."""
    beta1, beta2 = group["betas"]
    torch._foreach_mul_(means, beta1)
    torch._foreach_add_(means, grads, alpha=1 - beta1)
    torch._foreach_mul_(squares, beta2)
    torch._foreach_addcmul_(squares, grads, grads, 1 - beta2)


def _clipped(grads: list[Tensor], largest: float) -> list[Tensor]:
    """The gradients, scaled down together where their norm is above `largest`."""
    if any(grad.is_sparse for grad in grads):
        raise RuntimeError("FusedAdam does not support sparse gradients; torch.optim.SparseAdam does.")
    if not largest > 0:
        return grads
    ratio = (torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads))) + 1e-6) / largest
    return list(torch._foreach_div(grads, [ratio.clamp(min=1.0)] * len(grads)))
