"""Modules that take their sizes from the first input, moved to the device before it."""

from __future__ import annotations

import pytest
import torch
from torch import nn


@pytest.mark.parametrize(
    ("layer", "sizes"),
    [(nn.LazyConv1d(3, 2), (1, 4, 5)), (nn.LazyLinear(3), (2, 4)), (nn.LazyBatchNorm1d(), (2, 4, 5))],
)
def test_moved_before_the_first_input(layer: nn.Module, sizes: tuple[int, ...]) -> None:
    layer.to("hpu")
    assert layer.has_uninitialized_params()

    out = layer(torch.ones(sizes, device="hpu"))

    assert out.device.type == "hpu"
    assert all(each.device.type == "hpu" and each.numel() for each in layer.parameters())


def test_within_another_module_and_with_an_optimizer() -> None:
    model = nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 1))
    known = list(model.parameters())
    model.to("hpu")
    model(torch.ones(2, 4, device="hpu")).sum().backward()

    assert all(one is other for one, other in zip(known, model.parameters(), strict=True))
    assert known[0].grad is not None
