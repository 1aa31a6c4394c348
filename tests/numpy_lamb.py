"""LAMB in NumPy at double precision: what every optimizer of that name here is compared with.

Written from the paper (https://arxiv.org/abs/1904.00962, algorithm 2) and from what apex says of its FusedLAMB
(https://nvidia.github.io/apex/optimizers.html): gradients are divided by what their global norm is above the largest
one allowed; moments are averages, with bias correction; only where there is weight decay, or on request, is the step as
long as the weights (the ratio of the norms), and where neither norm is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """How one weight moves, by apex's names and with its defaults."""

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-6
    weight_decay: float = 0.01
    bias_correction: bool = True
    grad_averaging: bool = True
    adam_w_mode: bool = True
    use_nvlamb: bool = False


class NumpyLamb:
    """Moves `weights` in place, each by its own settings; the gradients of all share one norm."""

    def __init__(
        self, weights: Sequence[Array], settings: Sequence[Settings], *, max_grad_norm: float | None = 1.0
    ) -> None:
        self._largest_norm, self._steps = max_grad_norm, 0
        moments = [(np.zeros_like(weight), np.zeros_like(weight)) for weight in weights]
        self._moved = list(zip(weights, settings, moments, strict=True))

    def step(self, gradients: Sequence[Array], lr: float | None = None) -> None:
        """Move every weight once; by a learning rate for all of them where `lr` is given."""
        self._steps += 1
        norm = np.sqrt(sum(float(np.vdot(g, g)) for g in gradients))
        divisor = max(norm / self._largest_norm, 1.0) if self._largest_norm else 1.0
        for (weight, settings, moments), gradient in zip(self._moved, gradients, strict=True):
            update = self._update(weight, gradient / divisor, settings, moments)
            rate = settings.lr if lr is None else lr
            weight[...] = weight - rate * _ratio(weight, update, settings) * update

    def _update(self, weight: Array, gradient: Array, settings: Settings, moments: tuple[Array, Array]) -> Array:
        (beta1, beta2), (mean, square) = settings.betas, moments
        decay = settings.weight_decay * weight
        if not settings.adam_w_mode:
            gradient = gradient + decay
        mean[...] = beta1 * mean + (1 - beta1 if settings.grad_averaging else 1.0) * gradient
        square[...] = beta2 * square + (1 - beta2) * gradient**2
        steps = self._steps
        corrections = (1 - beta1**steps, 1 - beta2**steps) if settings.bias_correction else (1.0, 1.0)
        update = mean / corrections[0] / (np.sqrt(square / corrections[1]) + settings.eps)
        return update + decay if settings.adam_w_mode else update


def _ratio(weight: Array, update: Array, settings: Settings) -> float:
    lengths = float(np.linalg.norm(weight)), float(np.linalg.norm(update))
    adapts = (settings.weight_decay or settings.use_nvlamb) and all(lengths)
    return lengths[0] / lengths[1] if adapts else 1.0
