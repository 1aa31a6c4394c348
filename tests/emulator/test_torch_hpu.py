"""The module `torch.hpu`: cards, streams, events, random numbers, switches."""

from __future__ import annotations

import dataclasses
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import torch

from migrator.core.target import Chip
from migrator.emulator import chips, device, profile, torch_hpu
from migrator.emulator.torch_hpu import cards, settings


def use_profile(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    changed = dataclasses.replace(profile.current(), **changes)
    for module in (chips, device, cards, settings):
        monkeypatch.setattr(module, "current", lambda: changed)


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("part", ["events", "memory", "random", "streams"])
def test_its_parts_can_be_imported(part: str) -> None:
    module = importlib.import_module(f"torch.hpu.{part}")

    assert all(hasattr(module, name) for name in module.__all__)
    assert hasattr(torch.hpu, part)


def test_import_torch_hpu_random() -> None:
    out = run(
        "import migrator.emulator as e; e.activate()\n"
        "import torch.hpu.random\n"
        "print(torch.hpu.random.get_rng_state().dtype, torch.hpu.is_available(), torch.hpu.is_initialized())"
    )

    assert out == "torch.uint8 True True\n"


def test_names_that_it_has_not_are_named() -> None:
    with pytest.raises(AttributeError, match=r"torch\.hpu\.nvtx is not emulated"):
        _ = torch.hpu.nvtx
    assert not hasattr(torch.hpu, "nvtx")


def test_it_has_no_cache_to_empty() -> None:
    with pytest.raises(AttributeError, match="empty_cache exists on no Gaudi"):
        torch_hpu.empty_cache()
    assert not hasattr(torch.hpu, "empty_cache")


@pytest.mark.parametrize(
    ("chip", "name", "memory"),
    [(Chip.GAUDI, "GAUDI", 32), (Chip.GAUDI2, "GAUDI2", 96), (Chip.GAUDI3, "GAUDI3", 128)],
)
def test_the_card_is_the_profiles(monkeypatch: pytest.MonkeyPatch, chip: Chip, name: str, memory: int) -> None:
    use_profile(monkeypatch, chip=chip)

    assert torch.hpu.get_device_name() == torch.hpu.get_device_name("hpu:0") == name
    assert torch.hpu.get_arch_list() == [name]
    assert f"dramSize={memory * 2**30}," in torch.hpu.get_device_properties(0)
    assert torch.hpu.mem_get_info()[1] == memory * 2**30


def test_the_environment_chooses_the_machine() -> None:
    out = run(
        "import migrator.emulator as e; e.activate()\n"
        "import torch; print(torch.hpu.device_count(), torch.hpu.get_device_name(7), torch.hpu.current_device(),"
        " torch.hpu.get_device_capability())",
        MIGRATE_HPU_CARDS="8",
        MIGRATE_HPU_CHIP="gaudi3",
        MIGRATE_HPU_RELEASE="1.20",
    )

    assert out == "8 GAUDI3 0 1.20.0\n"


def test_a_process_may_take_any_card_and_calls_it_0(monkeypatch: pytest.MonkeyPatch) -> None:
    use_profile(monkeypatch, cards=4)
    torch.hpu.set_device(3)
    with torch.hpu.device(3), torch.hpu.device(0):
        made = torch.ones(1, device="hpu")

    assert (str(made.device), torch.hpu.current_device(), torch.hpu.device_count()) == ("hpu:0", 0, 4)
    torch.hpu.set_device(0)
    for index in (4, "hpu:7"):
        with pytest.raises(RuntimeError, match="invalid device ordinal"):
            torch.hpu.set_device(index)
    with pytest.raises(RuntimeError, match="invalid device ordinal"):
        torch.hpu.device(2)
    assert torch.hpu.can_device_access_peer(0, 1)


@pytest.mark.parametrize(
    "ask",
    [
        torch.hpu.get_device_name,
        torch.hpu.get_device_properties,
        torch.hpu.get_device_capability,
        torch.hpu.memory_allocated,
        torch.hpu.current_stream,
        torch.hpu.synchronize,
        torch.hpu.get_rng_state,
        torch.accelerator.synchronize,
        torch.accelerator.set_device_index,
    ],
)
def test_another_card_is_an_invalid_ordinal(ask: Callable[[object], object]) -> None:
    for index in (1, "hpu:1", torch.device("hpu", 1)):
        with pytest.raises(RuntimeError, match="invalid device ordinal"):
            ask(index)


def test_another_device_is_no_card() -> None:
    with pytest.raises(ValueError, match="Expected a hpu device, but got: cpu"):
        torch.hpu.get_device_name("cpu")


def test_streams() -> None:
    stream = torch.hpu.Stream()
    default = torch.hpu.default_stream()
    assert torch.hpu.current_stream() == default
    with torch.hpu.stream(stream) as _:
        assert torch.hpu.current_stream() == stream == torch.accelerator.current_stream()
        event = stream.record_event()
    with stream:
        assert torch.hpu.current_stream() == stream
    with torch.hpu.stream(None):
        assert torch.hpu.current_stream() == default
    default.wait_stream(stream)
    default.wait_event(event)

    assert stream != default
    assert stream != torch.hpu.Stream()
    assert stream.query()
    assert isinstance(stream, torch.Stream)
    assert (stream.device, default.stream_id) == (torch.device("hpu:0"), 0)
    assert torch.hpu.get_stream_info(stream)[:2] == (stream.id(), 0)
    torch.ones(2, device="hpu").record_stream(stream)
    with pytest.raises(TypeError, match="must be a stream"):
        torch.ones(2, device="hpu").record_stream(1)


def test_events_measure_time() -> None:
    first, last = (torch.hpu.Event(enable_timing=True) for _ in range(2))
    with pytest.raises(RuntimeError, match="must be recorded"):
        first.elapsed_time(last)
    first.record()
    time.sleep(0.02)
    last.record(torch.hpu.current_stream())
    last.synchronize()

    assert 20 <= first.elapsed_time(last) < 5000
    assert last.query()
    with pytest.raises(RuntimeError, match="enable_timing=True"):
        torch.hpu.Event().elapsed_time(last)


def test_random_numbers_have_one_card() -> None:
    torch.hpu.manual_seed_all(11)
    states = torch.hpu.get_rng_state_all()
    first = torch.rand(2, device="hpu")
    torch.hpu.set_rng_state_all(states)

    assert torch.equal(torch.rand(2, device="hpu"), first)
    assert torch.hpu.initial_seed() == 11
    assert torch.hpu.seed() == torch.hpu.initial_seed()
    assert len(torch_hpu.random.default_generators) == 1
    with pytest.raises(RuntimeError, match="one card, got 2"):
        torch.hpu.set_rng_state_all(states * 2)


@pytest.mark.parametrize("options", [{}, {"device_type": "hpu"}, {"devices": [0], "device_type": "hpu"}])
def test_fork_rng_on_a_machine_with_more_cards(monkeypatch: pytest.MonkeyPatch, options: dict[str, object]) -> None:
    use_profile(monkeypatch, cards=8)
    torch.manual_seed(4)
    expected = torch.rand(2, device="hpu")
    torch.manual_seed(4)
    with torch.random.fork_rng(**options):
        torch.rand(3, device="hpu")

    assert torch.equal(torch.rand(2, device="hpu"), expected)


def test_torch_seeds_the_device() -> None:
    torch.manual_seed(5)
    first = torch.rand(2, device="hpu")
    torch.random.manual_seed(5)

    assert torch.equal(torch.rand(2, device="hpu"), first)
    assert torch.seed() == torch.hpu.initial_seed()


def test_switches_keep_their_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_switches", {"deterministic": False, "recompute attention": True})
    assert not torch.hpu.get_dynamic_shape_status()
    torch.hpu.enable_dynamic_shape()
    assert torch.hpu.get_dynamic_shape_status()
    torch.hpu.disable_dynamic_shape()
    assert not torch.hpu.get_dynamic_shape_status()

    with torch.hpu.sdp_kernel(enable_recompute=False):
        assert not torch.hpu.recompute_sdp_enabled()
    assert torch.hpu.recompute_sdp_enabled()

    with pytest.warns(UserWarning, match="setDeterministic is deprecated"):
        torch.hpu.setDeterministic(True)
    with pytest.warns(UserWarning, match="getDeterministic is deprecated"):
        assert torch.hpu.getDeterministic()

    monkeypatch.delenv("PT_ENABLE_HABANA_STREAMASYNC", raising=False)
    torch.hpu.set_sync_debug_mode(1)
    assert torch.hpu.get_sync_debug_mode() == 1
    monkeypatch.delenv("PT_ENABLE_HABANA_STREAMASYNC")


def test_dynamic_shapes_begin_as_the_releases_variable_says() -> None:
    code = "import migrator.emulator as e; e.activate(); import torch; print(torch.hpu.get_dynamic_shape_status())"

    assert run(code, PT_HPU_ENABLE_REFINE_DYNAMIC_SHAPES="1") == "True\n"


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("FloatTensor", torch.float32), ("LongTensor", torch.int64), ("BFloat16Tensor", torch.bfloat16)],
)
def test_tensor_types(kind: str, dtype: torch.dtype) -> None:
    make = getattr(torch.hpu, kind)
    made = make([1, 2])

    assert (made.device.type, made.dtype, made.tolist()) == ("hpu", dtype, [1, 2])
    assert isinstance(made, make)
    assert not isinstance(made.cpu(), make)
    assert not isinstance(made.to(torch.int8), make)
    assert made.type() == f"torch.hpu.{kind}"
    with pytest.raises(RuntimeError, match="legacy constructor expects device type: hpu"):
        make([1], device="cpu")
