"""torch's device-generic names for the emulated device: `torch.accelerator`, `torch.Stream`, `torch.Event`.

torch answers these in C++, where a device written in Python has no streams, no events and no allocator.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch

from migrator.emulator.torch_hpu import cards, events, memory, streams

_FULL_PRECISION = frozenset({torch.float32, torch.float64, torch.bool, torch.bfloat16, torch.float16})
_INTEGERS = frozenset({torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64})


def install() -> None:
    """Put them where programs look for them."""
    for name, function in _FUNCTIONS.items():
        setattr(torch.accelerator, name, function)
        if hasattr(torch.accelerator.memory, name):
            setattr(torch.accelerator.memory, name, function)
    torch.Stream = _generic(torch.Stream, streams.Stream)
    torch.Event = _generic(torch.Event, events.Event)
    torch.Tensor.record_stream = _record_stream(torch.Tensor.record_stream)
    torch.random.fork_rng = _fork_rng(torch.random.fork_rng)


def memory_stats(device_index: Any = None, /) -> OrderedDict[str, int]:
    """Those of `torch.accelerator.memory_stats` that the device knows."""
    stats = memory.memory_stats(device_index)
    return OrderedDict(
        {
            "allocated_bytes.all.current": stats["InUse"],
            "allocated_bytes.all.peak": stats["MaxInUse"],
            "allocation.all.allocated": stats["NumAllocs"],
            "allocation.all.current": stats["ActiveAllocs"],
            "allocation.all.freed": stats["NumFrees"],
            "reserved_bytes.all.current": stats["Limit"],
            "reserved_bytes.all.peak": stats["Limit"],
        }
    )


def get_device_capability(device: Any = None, /) -> dict[str, Any]:
    """Types that tensors of the device may have."""
    cards.device(device)
    return {"supported_dtypes": set(_FULL_PRECISION | _INTEGERS)}


def empty_cache() -> None:
    """Memory goes back when its tensors go."""


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "current_stream": streams.current_stream,
    "empty_cache": empty_cache,
    "empty_host_cache": empty_cache,
    "get_device_capability": get_device_capability,
    "get_memory_info": memory.mem_get_info,
    "max_memory_allocated": memory.max_memory_allocated,
    "max_memory_reserved": memory.max_memory_reserved,
    "memory_allocated": memory.memory_allocated,
    "memory_reserved": memory.memory_reserved,
    "memory_stats": memory_stats,
    "reset_accumulated_memory_stats": memory.reset_accumulated_memory_stats,
    "reset_peak_memory_stats": memory.reset_peak_memory_stats,
    "set_device_idx": cards.set_device,
    "set_device_index": cards.set_device,
    "set_stream": streams.set_stream,
    "synchronize": cards.synchronize,
}


def _generic(cpp: Any, ours: Any) -> Any:
    """`torch.Stream` or `torch.Event`: `ours` for the emulated device and where no device is named, else as before."""

    class Generic(cpp, metaclass=_AnyOf):  # type: ignore[misc]
        counterpart = cpp

        def __new__(cls, device: Any = None, **options: Any) -> Any:
            known = device is None and "device_type" in options
            if known or (device is not None and torch.device(device).type != "hpu"):
                return cpp(**options) if device is None else cpp(device=device, **options)
            if device is not None:
                cards.device(device)
            return ours(**options)

    Generic.__name__, Generic.__qualname__, Generic.__module__ = cpp.__name__, cpp.__name__, "torch"
    return Generic


class _AnyOf(type):
    """`isinstance(s, torch.Stream)` holds for the streams of C++ as before."""

    counterpart: Any

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.counterpart)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.counterpart)


def _record_stream(method: Callable[..., Any]) -> Callable[..., Any]:
    def record_stream(tensor: Any, stream: Any) -> None:
        streams.record_stream(tensor, stream) if tensor.device.type == "hpu" else method(tensor, stream)

    return record_stream


def _fork_rng(fork: Callable[..., Any]) -> Callable[..., Any]:
    """As the bridge has it, hpu is the default; and a process has the numbers of one card, however many there are."""

    def fork_rng(devices: Any = None, enabled: bool = True, *rest: Any, device_type: Any = None, **named: Any) -> Any:
        kind = device_type or "hpu"
        return fork([0] if devices is None and kind == "hpu" else devices, enabled, *rest, device_type=kind, **named)

    return fork_rng
