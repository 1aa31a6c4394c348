"""LAMB (https://arxiv.org/abs/1904.00962) in plain PyTorch, with the arguments, defaults and checkpoints of apex's.

For gradients g, divided by what their global norm is above `max_grad_norm`, at step t of a group:

    m = beta1 * m + (1 - beta1) * g                     (+ g where grad_averaging is off)
    v = beta2 * v + (1 - beta2) * g * g
    u = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay * p
    p = p - lr * |p| / |u| * u                          (- lr * u where there is no weight decay, unless use_nvlamb)

All of it is float32, whatever the parameters are: exp_avg_sq would stand still in bfloat16, whose next number is 0.4 %
away. What changes from step to step (learning rate, bias correction) goes to the device as tensors: as Python numbers
it would be part of a lazy graph, and compiled anew each step.

As in apex, `step` is kept in the parameter groups, and the first group's `max_grad_norm` holds for all of them. Unlike
there, None or 0 for it means no clipping, and gradients keep their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

STATE = ("exp_avg", "exp_avg_sq")


class FusedLAMB(Optimizer):
    """Takes the place of apex.optimizers.FusedLAMB; a group's tensors are updated by a few calls on lists."""

    def __init__(  # noqa: PLR0913, PLR0917  apex's arguments, in apex's order
        self,
        params: Iterable[Any],
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
        use_nvlamb: bool = False,
    ) -> None:
        if amsgrad:
            raise RuntimeError("FusedLAMB does not support the AMSGrad variant.")
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
        self.adam_w_mode = adam_w_mode
        self.set_grad_none = set_grad_none
        self.use_nvlamb = use_nvlamb

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
        divisor = self._divisor()
        for group in self.param_groups:
            group["step"] = group.get("step", 0) + 1
            params = [p for p in group["params"] if p.grad is not None]
            if params:
                self._update(group, params, divisor)
        return loss

    def _divisor(self) -> Tensor | None:
        """How often the global norm of all gradients holds the largest that is allowed, if more than once."""
        grads = [_wide(p.grad) for group in self.param_groups for p in group["params"] if p.grad is not None]
        if any(grad.is_sparse for grad in grads):
            raise RuntimeError("FusedLAMB does not support sparse gradients; torch.optim.SparseAdam does.")
        largest = self.defaults["max_grad_norm"]
        if not grads or not largest:
            return None
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
        return torch.where(norm > largest, norm / largest, torch.ones_like(norm))

    def _update(self, group: dict[str, Any], params: list[Tensor], divisor: Tensor | None) -> None:
        weights = [_wide(p) for p in params]  # a float32 parameter itself, a copy of any other
        means, squares = ([self._moment(p, name) for p in params] for name in STATE)
        grads = [_wide(p.grad) for p in params]
        if divisor is not None:
            grads = torch._foreach_div(grads, [divisor] * len(params))
        if not self.adam_w_mode and group["weight_decay"]:
            grads = torch._foreach_add(grads, weights, alpha=group["weight_decay"])
        _average(group, grads, means, squares)
        correction1, correction2, rate = _numbers(group, weights[0].device)
        updates = _directions(means, squares, correction1, correction2, group["eps"])
        if self.adam_w_mode and group["weight_decay"]:
            torch._foreach_add_(updates, weights, alpha=group["weight_decay"])
        ratios = _ratios(weights, updates) if group["weight_decay"] != 0 or self.use_nvlamb else []
        # First the rate, then the ratio, as Gaudi's fused kernel does: its weights come out the same to the last bit.
        torch._foreach_mul_(updates, [-rate] * len(params))
        if ratios:
            torch._foreach_mul_(updates, ratios)
        torch._foreach_add_(weights, updates)
        for p, weight in zip(params, weights):  # noqa: B905  of one length, and Python 3.8 has no strict=
            if weight is not p:
                p.copy_(weight)

    def _moment(self, p: Tensor, name: str) -> Tensor:
        state = self.state[p]
        if name not in state:
            state[name] = torch.zeros_like(_wide(p), memory_format=torch.preserve_format)
        return state[name]

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load a checkpoint of this class or of apex's; moments keep their precision, which torch would cut."""
        super().load_state_dict(state_dict)
        numbers = [number for group in state_dict["param_groups"] for number in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        for number, p in zip(numbers, params):  # noqa: B905
            saved = state_dict["state"].get(number, {})
            for name in STATE:
                if name in saved:
                    self.state[p][name] = _wide(saved[name].detach().to(p.device, copy=True))


def _wide(tensor: Tensor) -> Tensor:
    """The tensor itself, or a float32 copy of one that is shorter."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def _average(group: dict[str, Any], grads: list[Tensor], means: list[Tensor], squares: list[Tensor]) -> None:
    """Move the running averages of gradients and of their squares."""
    beta1, beta2 = group["betas"]
    torch._foreach_mul_(means, beta1)
    torch._foreach_add_(means, grads, alpha=1 - beta1 if group["grad_averaging"] else 1.0)
    torch._foreach_mul_(squares, beta2)
    torch._foreach_addcmul_(squares, grads, grads, 1 - beta2)


def _numbers(group: dict[str, Any], device: torch.device) -> tuple[Tensor, ...]:
    """What the two averages are divided by, and the learning rate."""
    corrections = [1 - beta ** group["step"] if group["bias_correction"] else 1.0 for beta in group["betas"]]
    return torch.tensor([*corrections, group["lr"]], dtype=torch.float32).to(device).unbind()


def _directions(
    means: list[Tensor], squares: list[Tensor], correction1: Tensor, correction2: Tensor, eps: float
) -> list[Tensor]:
    """Adam's part of the update."""
    below = torch._foreach_div(squares, [correction2] * len(squares))
    torch._foreach_sqrt_(below)
    torch._foreach_add_(below, eps)
    updates = torch._foreach_div(means, [correction1] * len(means))
    torch._foreach_div_(updates, below)
    return list(updates)


def _ratios(weights: list[Tensor], updates: list[Tensor]) -> list[Tensor]:
    """What the learning rate of each tensor is multiplied by: its norm over that of its update, 1 where either is 0."""
    of_weights, of_updates = torch.stack(torch._foreach_norm(weights)), torch.stack(torch._foreach_norm(updates))
    usable = (of_weights != 0) & (of_updates != 0)
    return list(torch.where(usable, of_weights / of_updates, torch.ones_like(of_weights)).unbind())
