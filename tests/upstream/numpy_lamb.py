"""LAMB in NumPy and float64, and the learning rate of pre-training: what the port is compared with.

Written from the paper (https://arxiv.org/abs/1904.00962, algorithm 2) and from what apex says of its FusedLAMB
(https://nvidia.github.io/apex/optimizers.html): gradients are divided by what their global norm is above 1; moments are
averages with bias correction; weight decay is added to the direction; only where there is weight decay is the step as
long as the weights (the ratio of the norms), and where neither norm is 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.float64]]


class NumpyLamb:
    """Weights by name, moved in place; `decays` says how strongly each decays."""

    beta1, beta2, eps, largest_norm = 0.9, 0.999, 1e-6, 1.0

    def __init__(self, weights: Arrays, decays: Mapping[str, float]) -> None:
        self.weights, self._decays, self._step = weights, decays, 0
        self._mean = {name: np.zeros_like(weight) for name, weight in weights.items()}
        self._square = {name: np.zeros_like(weight) for name, weight in weights.items()}

    def step(self, gradients: Mapping[str, NDArray[np.float64]], rate: float) -> None:
        """Move every weight once."""
        self._step += 1
        norm = np.sqrt(sum(float(np.vdot(g, g)) for g in gradients.values()))
        for name, gradient in gradients.items():
            self._move(name, gradient / max(norm / self.largest_norm, 1.0), rate)

    def _move(self, name: str, gradient: NDArray[np.float64], rate: float) -> None:
        weight, decay = self.weights[name], self._decays[name]
        self._mean[name] = self.beta1 * self._mean[name] + (1 - self.beta1) * gradient
        self._square[name] = self.beta2 * self._square[name] + (1 - self.beta2) * gradient**2
        mean = self._mean[name] / (1 - self.beta1**self._step)
        square = self._square[name] / (1 - self.beta2**self._step)
        update = mean / (np.sqrt(square) + self.eps) + decay * weight
        lengths = float(np.linalg.norm(weight)), float(np.linalg.norm(update))
        ratio = lengths[0] / lengths[1] if decay and all(lengths) else 1.0
        weight -= rate * ratio * update


def warm_up_and_decay(step: int, *, rate: float, warmup: float, steps: int) -> float:
    """The learning rate of a step, counted from 1: linear to `rate` over the share `warmup`, then by a square root."""
    progress = step / steps
    return rate * (progress / warmup if progress < warmup else (1 - progress) ** 0.5)
