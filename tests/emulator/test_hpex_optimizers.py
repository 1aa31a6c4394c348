"""What the emulated optimizers share: they work on the device's parameters only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from habana_frameworks.torch.hpex.optimizers import (
    FusedAdagrad,
    FusedAdamW,
    FusedLamb,
    FusedLars,
    FusedResourceApplyMomentum,
    FusedSGD,
)
from tests.emulator.hpex_parameters import give_gradients, parameters


def lars(params: Any) -> FusedLars:
    return FusedLars(FusedResourceApplyMomentum(params, lr=0.1, momentum=0.9), [1, 0, 1])


@pytest.mark.parametrize(
    ("make", "operator"),
    [
        (FusedAdamW, "hpu::optimizer_adamw.*'CPU' backend"),
        (FusedLamb, "hpu::optimizer_lamb"),
        (lars, "hpu::optimizer_lars"),
        (lambda params: FusedSGD(params, lr=0.1), "hpu::optimizer_sgd"),
        (FusedAdagrad, "hpu::habanaOptimizerFusedAdagrad"),
    ],
)
def test_parameters_left_on_the_cpu_are_an_error(make: Callable[[Any], Any], operator: str) -> None:
    params = parameters("cpu")
    optimizer = make(params)
    give_gradients(params, 0)

    with pytest.raises(NotImplementedError, match=operator):
        optimizer.step()
