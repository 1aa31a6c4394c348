"""Parameters with made-up values, steps with given gradients, and what came out: for tests of optimizers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

STEPS = 20
SHAPES = [(7, 5), (5,), (3, 2, 2), (1,)]
Arrays = list[np.ndarray]


def start() -> Arrays:
    """The values that the parameters begin with, float32; the same each time."""
    random = np.random.default_rng(0)
    return [random.normal(size=shape).astype(np.float32) for shape in SHAPES]


def tensors(dtype: Any = None) -> list[Any]:
    """Parameters with these values, float32 where no type is given."""
    return [torch.nn.Parameter(torch.from_numpy(p).to(dtype or torch.float32)) for p in start()]


def take(optimizer: Any, params: list[Any], steps: list[Arrays]) -> None:
    """One step of the optimizer for each list of gradients."""
    for step in steps:
        for p, g in zip(params, step, strict=True):
            p.grad = torch.from_numpy(g).to(p.dtype)
        optimizer.step()


def compare(params: list[Any], wanted: Arrays) -> None:
    """Each parameter has the wanted values, but for float32's rounding."""
    for p, w in zip(params, wanted, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), w, rtol=1e-5, atol=1e-6)
