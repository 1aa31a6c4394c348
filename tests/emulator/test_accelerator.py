"""torch's device-generic names, and what else of torch asks a device's module."""

from __future__ import annotations

import time

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.checkpoint import DefaultDeviceType, checkpoint


def test_the_accelerator_is_the_device() -> None:
    assert torch.accelerator.current_accelerator() == torch.device("hpu")
    assert torch.accelerator.is_available()
    assert (torch.accelerator.device_count(), torch.accelerator.current_device_index()) == (1, 0)
    assert torch.get_device_module("hpu") is torch.get_device_module(torch.device("hpu:0"))
    assert torch.get_device_module().current_device() == 0
    torch.accelerator.set_device_index(0)
    torch.accelerator.synchronize()
    with torch.accelerator.device_index(0):
        assert torch.ones(1, device=torch.accelerator.current_accelerator()).is_hpu
    assert torch.bfloat16 in torch.accelerator.get_device_capability()["supported_dtypes"]


def test_its_memory_is_that_of_torch_hpu() -> None:
    kept = torch.ones(1000, device="hpu")
    stats = torch.accelerator.memory_stats()

    assert torch.accelerator.memory_allocated() == torch.hpu.memory_allocated() >= kept.nbytes
    assert stats["allocated_bytes.all.current"] == torch.accelerator.memory_allocated()
    assert stats["allocated_bytes.all.peak"] == torch.accelerator.max_memory_allocated()
    assert torch.accelerator.get_memory_info() == torch.hpu.mem_get_info()
    torch.accelerator.reset_peak_memory_stats()
    assert torch.accelerator.max_memory_allocated() == torch.accelerator.memory_allocated()
    torch.accelerator.empty_cache()


def test_generic_streams_and_events() -> None:
    first, last = (torch.Event(device="hpu", enable_timing=True) for _ in range(2))
    stream = torch.Stream(device="hpu")
    with stream:
        first.record()
    time.sleep(0.01)
    last.record(stream)
    last.synchronize()

    assert first.elapsed_time(last) >= 10
    for made, kind in ((stream, torch.Stream), (torch.Stream(), torch.Stream), (torch.Event(), torch.Event)):
        assert isinstance(made, kind)
        assert made.device == torch.device("hpu:0")
    assert torch.Stream(device="cpu").device.type == "cpu"
    assert issubclass(torch.hpu.Stream, torch.Stream)
    assert not isinstance(1, torch.Event)
    with pytest.raises(RuntimeError, match="invalid device ordinal"):
        torch.Stream(device="hpu:1")


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpoints_draw_the_same_numbers_again(reentrant: bool) -> None:
    layer = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5)).to("hpu")

    def gradient(within: bool) -> torch.Tensor:
        torch.manual_seed(0)
        values = torch.ones(4, 8, device="hpu", requires_grad=True)
        out = checkpoint(layer, values, use_reentrant=reentrant) if within else layer(values)
        torch.rand(7, device="hpu")
        out.pow(2).sum().backward()
        assert values.grad is not None
        return values.grad

    assert torch.equal(gradient(True), gradient(False))
    assert DefaultDeviceType.get_device_type() == "hpu"


def test_gradient_scaling_skips_a_step_with_infinite_gradients() -> None:
    layer = nn.Linear(2, 2).to("hpu")
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("hpu", init_scale=4.0)
    before = layer.weight.tolist()
    for factor, moved in ((float("inf"), False), (1.0, True)):
        optimizer.zero_grad()
        scaler.scale(layer(torch.ones(1, 2, device="hpu")).sum() * factor).backward()
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        assert (layer.weight.tolist() != before) is moved

    assert scaler.get_scale() == 2.0


class Doubled(torch.autograd.Function):
    @staticmethod
    @torch.amp.custom_fwd(device_type="hpu", cast_inputs=torch.float32)
    def forward(ctx: object, values: torch.Tensor) -> torch.Tensor:
        return values * 2

    @staticmethod
    @torch.amp.custom_bwd(device_type="hpu")
    def backward(ctx: object, grad: torch.Tensor) -> torch.Tensor:
        return grad * 2


def test_functions_that_leave_autocast() -> None:
    values = torch.ones(2, device="hpu", dtype=torch.bfloat16, requires_grad=True)
    with torch.autocast("hpu", dtype=torch.bfloat16):
        out = Doubled.apply(values)
    out.sum().backward()

    assert out.dtype is torch.float32
    assert values.grad is not None
    assert values.grad.tolist() == [2, 2]


def test_the_default_device() -> None:
    torch.set_default_device("hpu")
    try:
        made = (torch.ones(2), torch.tensor([1]), torch.randn(2), nn.Linear(2, 2).weight)
        assert torch.get_default_device().type == "hpu"
    finally:
        torch.set_default_device(None)

    assert {each.device.type for each in made} == {"hpu"}
    assert torch.ones(1).device.type == "cpu"


def test_the_profiler_sees_the_operators() -> None:
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as seen:
        torch.ones(3, device="hpu").add(1).sum()

    assert {"aten::add", "aten::sum"} <= {each.key for each in seen.key_averages()}


def test_methods_named_after_the_device() -> None:
    packed = nn.utils.rnn.pack_sequence([torch.ones(3, 2), torch.ones(2, 2)]).hpu()

    assert packed.is_hpu
    assert packed.data.device == torch.device("hpu:0")
    assert nn.Linear(2, 2).hpu().weight.is_hpu
    assert torch.ones(1).hpu(0).is_hpu
    assert torch.ones(2).untyped_storage().hpu().is_hpu
    for moved in (torch.ones(1), nn.Linear(2, 2)):
        with pytest.raises(RuntimeError, match="invalid device ordinal"):
            moved.hpu(1)
