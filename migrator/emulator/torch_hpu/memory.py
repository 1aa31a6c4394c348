"""`torch.hpu`'s memory statistics: bytes of the storages alive on the device, against the chip's memory."""

from __future__ import annotations

import warnings
from typing import Any

from migrator.emulator.chips import current_card
from migrator.emulator.device import card_index
from migrator.emulator.tensors import memory

__all__ = [
    "max_memory_allocated",
    "max_memory_cached",
    "max_memory_reserved",
    "mem_get_info",
    "memory_allocated",
    "memory_cached",
    "memory_reserved",
    "memory_stats",
    "memory_summary",
    "memory_usage",
    "reset_accumulated_memory_stats",
    "reset_peak_memory_stats",
]

_GIB = 1024**3
_MIB = 1024**2


def memory_stats(device: Any = None) -> dict[str, int]:
    """The keys of the bridge's dictionary: `Limit` is the chip's memory, `InUse` and `MaxInUse` bytes of tensors."""
    card_index(device)
    made, freed, largest = memory.allocations()
    return {
        "Limit": current_card().memory,
        "InUse": memory.bytes_in_use(),
        "MaxInUse": memory.peak_bytes(),
        "NumAllocs": made,
        "NumFrees": freed,
        "ActiveAllocs": made - freed,
        "MaxAllocSize": largest,
        "TotalSystemAllocs": made,
        "TotalSystemFrees": freed,
        "TotalActiveAllocs": made - freed,
    }


def memory_allocated(device: Any = None) -> int:
    """Bytes of the storages alive on the device."""
    return memory_stats(device)["InUse"]


def max_memory_allocated(device: Any = None) -> int:
    """The most that `memory_allocated` would have said since the start, or since the peak was reset."""
    return memory_stats(device)["MaxInUse"]


def memory_usage(device: Any = None) -> int:
    """As `memory_allocated`, which is what the bridge says too."""
    return memory_stats(device)["InUse"]


def memory_reserved(device: Any = None) -> int:
    """The bridge reserves all of the card's memory."""
    return memory_stats(device)["Limit"]


max_memory_reserved = memory_reserved


def memory_cached(device: Any = None) -> int:
    """The former name of `memory_reserved`."""
    warnings.warn("torch.hpu.memory_cached has been renamed to torch.hpu.memory_reserved", FutureWarning, stacklevel=2)
    return memory_reserved(device)


def max_memory_cached(device: Any = None) -> int:
    """The former name of `max_memory_reserved`."""
    warnings.warn(
        "torch.hpu.max_memory_cached has been renamed to torch.hpu.max_memory_reserved", FutureWarning, stacklevel=2
    )
    return max_memory_reserved(device)


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """Free bytes and all bytes of the card."""
    stats = memory_stats(device)
    return stats["Limit"] - stats["InUse"], stats["Limit"]


def memory_summary(device: Any = None) -> str:
    """The statistics as lines of text."""
    stats = memory_stats(device)
    sizes = {"Limit": ("GB", _GIB), "InUse": ("MB", _MIB), "MaxInUse": ("MB", _MIB), "MaxAllocSize": ("MB", _MIB)}
    rows = [f"PyTorch HPU memory summary, device ID {card_index(device)} (emulated)"]
    for name, value in stats.items():
        unit = f" ({value / sizes[name][1]:.2f} {sizes[name][0]})" if name in sizes else ""
        rows.append(f"  {name + ':':<20}{value:>20}{unit}")
    return "\n".join(rows) + "\n"


def reset_peak_memory_stats(device: Any = None) -> None:
    """The peak starts again at what is allocated now."""
    card_index(device)
    memory.reset_peak()


def reset_accumulated_memory_stats(device: Any = None) -> None:
    """Numbers of allocations and frees start again at zero."""
    card_index(device)
    memory.reset_counts()
