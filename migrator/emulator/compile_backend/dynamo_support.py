"""What torch's graph capture has to know: how to ask the device, and which code is below the graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from migrator.emulator.torch_private_dynamo import (
    SKIP_DIRS,
    DeviceInterface,
    register_interface_for_device,
    reread_skip_dirs,
)

_EMULATOR = Path(__file__).resolve().parents[1]
# Ordinary Python to a program, as on the device: traced into graphs.
_TRACED = frozenset({"facade", "hpex", "pinned_factories.py"})
_ASKED = (
    "Event",
    "Stream",
    "current_device",
    "current_stream",
    "device",
    "device_count",
    "get_device_properties",
    "is_available",
    "is_bf16_supported",
    "memory_allocated",
    "set_device",
    "set_stream",
    "stream",
    "synchronize",
)


def support_dynamo() -> None:
    """Register the device, and have kernels left alone: capture would else look into them where a graph breaks."""
    described = _describe()
    for device in ("hpu", "hpu:0"):
        register_interface_for_device(device, described)
    # Of the facade, torch.hpu is the device's own too (bridge 1.19.0, dynamo/trace_rules.py).
    below = [each for each in _EMULATOR.iterdir() if each.name not in _TRACED]
    SKIP_DIRS.extend(str(each) for each in (*below, _EMULATOR / "facade" / "habana_frameworks" / "torch" / "hpu"))
    reread_skip_dirs()


def _describe() -> Any:
    """`torch.hpu`, in the shape that dynamo asks for."""
    worker = {name: _static(name) for name in ("set_device", "current_device", "get_device_properties")}
    members = {name: _static(name) for name in _ASKED if hasattr(torch.hpu, name)}
    return type("HpuInterface", (DeviceInterface,), {**members, "Worker": type("Worker", (), worker)})


def _static(name: str) -> Any:
    member: Any = getattr(torch.hpu, name)
    return member if isinstance(member, type) else staticmethod(member)
