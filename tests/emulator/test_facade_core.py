"""habana_frameworks.torch.core, .utils and .hpu: what their names do on the emulated device."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
import torch

import habana_frameworks.torch as ht
import habana_frameworks.torch.core as htcore
import habana_frameworks.torch.utils.debug as htdebug
import habana_frameworks.torch.utils.experimental as htexp
from habana_frameworks.torch.utils import internal, lib_utils, library_loader
from migrator.core.target import Chip
from migrator.emulator import chips
from migrator.emulator.names import not_emulated
from migrator.emulator.profile import read_profile
from tests.emulator.counted import counted
from tests.emulator.processes import result, run


def test_step_marks_are_counted() -> None:
    with counted() as counts:
        htcore.mark_step()
        htcore.iter_mark_step()
        ht.core.mark_step("hpu", sync=True)

    assert counts.step_marks == 3
    assert [read.kind for read in counts.host_reads] == ["synchronize"]


def test_closures_run_once_at_the_next_step_mark() -> None:
    seen: list[int] = []
    htcore.add_step_closure(seen.append, (1,))
    htcore.add_step_closure(lambda: seen.append(2))
    assert seen == []

    htcore.mark_step()
    assert seen == [1, 2]
    htcore.iter_mark_step()
    assert seen == [1, 2]


def test_outside_lazy_mode_step_marks_do_nothing_and_say_so_once() -> None:
    done = run(
        "import torch, habana_frameworks.torch.core as htcore\n"
        "from migrator.emulator.counting import counters\n"
        "counts = counters.start()\n"
        "htcore.mark_step(); htcore.mark_step(); htcore.iter_mark_step()\n"
        "htcore.add_step_closure(print, ('closure',)); htcore.mark_step()\n"
        "print(counts.step_marks)"
    )

    assert done.stdout == "0\n"
    assert done.stderr.count("mark_step has no effect") == 2  # mark_step and iter_mark_step
    assert done.stderr.count("add_step_closure has no effect") == 1


def test_preparing_inference_gives_the_model_back() -> None:
    model = torch.nn.Linear(2, 2)

    assert htcore.hpu_set_env(model) is model
    assert htcore.hpu_set_inference_env() is None
    for prepare in (htcore.hpu_initialize, htcore.hpu_inference_initialize):
        assert prepare(model, mark_only_scales_as_const=True) is None
    htcore.hpu_reset_env()
    htcore.hpu_teardown_inference_env()


def test_torch_hpu_is_this_package() -> None:
    assert torch.hpu is ht.hpu is htcore.hpu is htexp.hpu is sys.modules["torch.hpu"]
    assert torch.get_device_module("hpu") is ht.hpu
    assert {"Stream", "wrap_in_hpu_graph", "memory_stats", "random"} <= set(dir(torch.hpu))


def test_parts_of_torch_hpu_are_modules() -> None:
    import habana_frameworks.torch.hpu.random as random_hpu  # noqa: PLC0415
    from habana_frameworks.torch.hpu import events, memory, streams  # noqa: PLC0415

    state = random_hpu.get_rng_state()
    first = torch.rand(2, device="hpu")
    random_hpu.set_rng_state(state)

    assert torch.equal(torch.rand(2, device="hpu"), first)
    assert events.Event is torch.hpu.Event
    assert streams.Stream is torch.hpu.Stream
    assert memory.max_memory_allocated() >= memory.memory_allocated()


@pytest.mark.parametrize("chip", list(Chip))
def test_the_chip_is_the_profiles(monkeypatch: pytest.MonkeyPatch, chip: Chip) -> None:
    profile = read_profile({"MIGRATE_HPU_RELEASE": "1.20", "MIGRATE_HPU_CHIP": chip.value})
    monkeypatch.setattr(chips, "current", lambda: profile)

    kind = htexp._get_device_type()

    assert kind.name.lower() == f"syndevice{chip.value}"
    assert kind is getattr(htexp.synDeviceType, kind.name)
    assert htexp._is_fp16_supported() is (chip is not Chip.GAUDI)


def test_folders_of_headers_and_libraries_exist_and_hold_none() -> None:
    for folder in (lib_utils.get_include_dir(), lib_utils.get_lib_dir()):
        assert [each.name for each in Path(folder).iterdir()] == ["README"]


def test_switches_of_the_graph_compiler_are_taken() -> None:
    htdebug._enable_fuse_conv_bn_optimization(True)

    assert htdebug._is_enabled_synapse_layout_handling() is True
    assert htdebug._is_enabled_weight_permute_pass() is False


def test_the_library_is_there() -> None:
    assert library_loader.is_habana_available()
    assert library_loader.load_habana_module() is None
    assert internal.is_lazy()


def test_a_missing_name_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(not_emulated.NotEmulatedError, match=r"^habana_frameworks.torch.core.fuse is not emulated$"):
        htcore.fuse  # noqa: B018
    with pytest.raises(AttributeError, match=r"habana_frameworks.torch.hpu.metric_global is not emulated"):
        ht.hpu.metric_global  # noqa: B018
    assert not hasattr(ht, "gpu_migration")
    with caplog.at_level(logging.DEBUG):
        assert not hasattr(htdebug, "_memstat_livealloc")
    assert caplog.text == ""


def test_graphs_belong_to_lazy_mode() -> None:
    found = result(
        "import json, torch, habana_frameworks.torch as ht\n"
        "import habana_frameworks.torch.hpu.graphs as graphs\n"
        "def error(function):\n"
        "    try: function()\n"
        "    except (AttributeError, RuntimeError) as found: return str(found)\n"
        "model = torch.nn.Linear(2, 2).to('hpu')\n"
        "cached = graphs.ModuleCacher()(model)(torch.ones(1, 2, device='hpu')).shape\n"
        "print(json.dumps([error(lambda: ht.hpu.wrap_in_hpu_graph), error(graphs.HPUGraph), cached]))"
    )

    assert found == [
        "habana_frameworks.torch.hpu.wrap_in_hpu_graph exists in lazy mode only: "
        "set PT_HPU_LAZY_MODE=1 before the first import",
        "HPUGraph exists in lazy mode only: set PT_HPU_LAZY_MODE=1 before the first import",
        [1, 2],
    ]
