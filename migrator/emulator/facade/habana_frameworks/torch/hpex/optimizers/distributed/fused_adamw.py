"""FusedAdamW of habana_frameworks.torch.hpex.optimizers.distributed."""

from __future__ import annotations

import math
from typing import Any, NoReturn

import torch

from habana_frameworks.torch.hpex.adamw_update import check_settings, moments_like, update

__all__ = ["FusedAdamW"]


class FusedAdamW:
    """AdamW that is given its gradients, for torch's distributed optimizers. Not a `torch.optim.Optimizer`.

    The count of steps is in each parameter's state, and the first parameter's count corrects the bias of all. Raises
    `ValueError` for settings out of range, and for no parameters unless `_allow_empty_param_list`.
    """

    def __init__(
        self,
        params: list[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        _allow_empty_param_list: bool = False,
        moments_dtype: Any = None,
    ) -> None:
        check_settings(lr, betas, eps, moments_dtype)
        if not weight_decay >= 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if not params and not _allow_empty_param_list:
            raise ValueError("optimizer got an empty parameter list")
        self.defaults = {"lr": lr, "eps": eps, "beta1": betas[0], "beta2": betas[1], "weight_decay": weight_decay}
        self.param_group = {"params": params}
        self.state: dict[Any, dict[str, Any]] = {}
        self.moments_dtype = moments_dtype

    def step_param(self, param: Any, grad: Any) -> NoReturn:
        """Always a `RuntimeError`, as on a Gaudi."""
        raise RuntimeError("This AdamW optimizer does not support step_param() as of now")

    def step(self, gradients: list[Any]) -> None:
        """Step each parameter whose gradient, at the same place of `gradients`, is not None.

        Raises `ValueError` when there are not as many as parameters, and `IndexError` when all are None.
        """
        params = self.param_group["params"]
        if len(params) != len(gradients):
            raise ValueError(
                "the gradients passed in does not equal to the size of the parameters! "
                f"Params length: {len(params)}. Gradients length: {len(gradients)}"
            )
        pairs = [(param, grad) for param, grad in zip(params, gradients, strict=True) if grad is not None]
        if not pairs:
            raise IndexError("every gradient passed in is None")
        states = [self.counted_state(param) for param, _ in pairs]
        defaults = self.defaults
        betas, step = (defaults["beta1"], defaults["beta2"]), int(states[0]["step"])
        corrected = defaults["lr"] * math.sqrt(1.0 - betas[1] ** step) / (1.0 - betas[0] ** step)
        update(
            [param.data for param, _ in pairs],
            [grad.detach() for _, grad in pairs],
            states,
            betas=betas,
            eps=defaults["eps"],
            step_size=corrected,
            decay=1.0 - defaults["weight_decay"] * defaults["lr"],
        )

    def counted_state(self, param: Any) -> dict[str, Any]:
        """The state of `param`, with this step counted in it."""
        if param not in self.state:
            self.state[param] = {"step": torch.tensor(0.0), **moments_like(param, self.moments_dtype)}
        self.state[param]["step"] += 1
        return self.state[param]
