"""Memory statistics: bytes of live storages, from the start of the process."""

from __future__ import annotations

import gc

import pytest
import torch

from migrator.emulator.tensors import memory


def test_memory_is_that_of_live_storages() -> None:
    gc.collect()
    before = torch.hpu.memory_allocated()
    torch.hpu.reset_peak_memory_stats()
    kept = torch.ones(256, device="hpu")
    view = kept[128:]
    assert torch.hpu.memory_allocated() - before == 1024
    (kept + 1).sum()
    assert torch.hpu.max_memory_allocated() - before >= 2048

    del kept
    assert torch.hpu.memory_allocated() - before == 1024
    del view
    assert torch.hpu.memory_allocated() == before
    torch.hpu.reset_peak_memory_stats()
    assert torch.hpu.max_memory_allocated() == before


def test_the_peak_is_known_before_anyone_asks() -> None:
    torch.hpu.reset_peak_memory_stats()
    before = torch.hpu.max_memory_allocated()
    torch.ones(1 << 20, device="hpu").sum()

    assert torch.hpu.max_memory_allocated() - before >= 4 << 20


def test_a_storage_that_changes_size_is_counted_with_its_new_one() -> None:
    tensor = torch.ones(256, device="hpu")
    full = torch.hpu.memory_allocated()
    tensor.untyped_storage().resize_(0)
    assert full - torch.hpu.memory_allocated() == 1024
    tensor.untyped_storage().resize_(2048)
    assert torch.hpu.memory_allocated() - full == 1024
    del tensor
    assert full - torch.hpu.memory_allocated() == 1024


def test_statistics_have_the_bridges_keys() -> None:
    torch.hpu.reset_accumulated_memory_stats()
    kept = [torch.ones(64, device="hpu") for _ in range(3)]
    kept.pop()
    stats = torch.hpu.memory_stats()

    assert (stats["NumAllocs"], stats["NumFrees"], stats["ActiveAllocs"], stats["MaxAllocSize"]) == (3, 1, 2, 256)
    assert list(stats)[:3] == ["Limit", "InUse", "MaxInUse"]
    assert torch.hpu.memory_reserved() == torch.hpu.max_memory_reserved() == stats["Limit"]
    assert torch.hpu.mem_get_info() == (stats["Limit"] - stats["InUse"], stats["Limit"])
    assert torch.hpu.memory_usage() == stats["InUse"] == memory.bytes_in_use()
    assert f"{stats['InUse']:>20} (" in torch.hpu.memory_summary()
    with pytest.warns(FutureWarning, match="renamed to torch.hpu.memory_reserved"):
        assert torch.hpu.memory_cached() == stats["Limit"]
