"""`pin_memory=True` of factories: CPU memory that says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.empty(3, pin_memory=True),
        lambda: torch.zeros(3, pin_memory=True),
        lambda: torch.full((3,), 1.0, pin_memory=True),
        lambda: torch.randn(3, pin_memory=True),
        lambda: torch.arange(3, pin_memory=True),
        lambda: torch.tensor([1, 2], pin_memory=True),
        lambda: torch.empty_like(torch.ones(2), pin_memory=True),
        lambda: torch.empty_strided((2, 2), (1, 2), pin_memory=True),
    ],
)
def test_factories_pin(make: Callable[[], Tensor]) -> None:
    tensor = make()

    assert tensor.is_pinned()
    assert tensor.device.type == "cpu"
    assert not tensor.to("hpu").cpu().is_pinned()


def test_only_when_asked() -> None:
    assert not torch.empty(3).is_pinned()
    assert not torch.empty(3, pin_memory=False).is_pinned()
    with pytest.raises(RuntimeError, match="Only dense CPU tensors can be pinned"):
        torch.empty(3, device="hpu", pin_memory=True)


def test_default_devices_still_know_the_factories() -> None:
    with torch.device("hpu"):
        assert torch.empty(2).device.type == "hpu"
        assert torch.tensor([1]).device.type == "hpu"


def test_graph_capture_goes_through_them() -> None:
    captured = torch.compile(lambda x: x + torch.zeros(2, device=x.device), backend="eager", fullgraph=True)

    assert captured(torch.ones(2, device="hpu")).tolist() == [1, 1]
