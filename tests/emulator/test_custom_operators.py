"""Operators that a program registers with torch.library: for a CPU only, for all devices, for hpu, and for others."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch.library import Library

_counter = itertools.count()


def library(schema: str) -> tuple[Library, str]:
    """A library of its own with one operator."""
    name = f"emulator_custom_{next(_counter)}"
    made = Library(name, "DEF")
    made.define(schema)
    return made, name


def double(x: Any) -> Any:
    return x * 2


@pytest.mark.parametrize("key", ["CPU", "CompositeExplicitAutograd", "CompositeImplicitAutograd", "PrivateUse1", "HPU"])
def test_a_kernel_for(key: str) -> None:
    made, name = library("twice(Tensor x) -> Tensor")
    made.impl("twice", double, key)

    out = getattr(torch.ops, name).twice(torch.ones(2, device="hpu"))

    assert out.device.type == "hpu"
    assert out.tolist() == [2, 2]


@pytest.mark.parametrize("key", ["CUDA", None])
def test_without_a_kernel_that_could_run_the_error_names_the_operator(key: str | None) -> None:
    made, name = library("twice(Tensor x) -> Tensor")
    if key:
        made.impl("twice", double, key)

    with pytest.raises(NotImplementedError, match=f"{name}::twice has no kernel for hpu"):
        getattr(torch.ops, name).twice(torch.ones(2, device="hpu"))


def test_writing_to_an_argument() -> None:
    made, name = library("fill(Tensor(a!) x, Tensor y) -> ()")
    made.impl("fill", lambda x, y: x.copy_(y) and None, "CPU")
    target = torch.zeros(1, device="hpu")

    getattr(torch.ops, name).fill(target, torch.ones(1, device="hpu"))

    assert target.tolist() == [1]
    with pytest.raises(RuntimeError, match="same device"):
        getattr(torch.ops, name).fill(target, torch.ones(1))


@pytest.mark.parametrize("devices", ["cpu", "hpu", ("cpu", "hpu"), None])
def test_custom_op_with_a_derivative(devices: Any) -> None:
    @torch.library.custom_op(f"emulator_custom_{next(_counter)}::sine", mutates_args=(), device_types=devices)
    def sine(x: torch.Tensor) -> torch.Tensor:
        return x.sin()

    def keep(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(*inputs)

    sine.register_autograd(lambda ctx, grad: grad * ctx.saved_tensors[0].cos(), setup_context=keep)
    point = torch.ones(2, device="hpu", requires_grad=True)

    sine(point).sum().backward()

    assert point.grad is not None
    assert torch.equal(point.grad.cpu(), torch.ones(2).cos())


def test_a_kernel_for_hpu_goes_before_the_others() -> None:
    @torch.library.custom_op(f"emulator_custom_{next(_counter)}::where", mutates_args=())
    def where(x: torch.Tensor) -> torch.Tensor:
        return x + 1

    @where.register_kernel("hpu")
    def _(x: torch.Tensor) -> torch.Tensor:
        return x + 2

    assert where(torch.zeros((), device="hpu")).item() == 2
    assert where(torch.zeros(())).item() == 1
