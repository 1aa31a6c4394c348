"""What torch's graph capture has to know: how to ask the device, and which code is below the graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from migrator.emulator.torch_private.dynamo import (
    SKIP_DIRS,
    DeviceInterface,
    register_interface_for_device,
    reread_skip_dirs,
)

_EMULATOR = Path(__file__).resolve().parents[1]
_TENSORS = _EMULATOR / "tensors"
_FACADE = _EMULATOR / "facade"
# Ordinary Python to a program, as on the device: traced into graphs.
_TRACED = frozenset({_FACADE, _TENSORS / "pinned_factories.py"})
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
    SKIP_DIRS.extend(map(str, _below_the_graph()))
    reread_skip_dirs()


def _below_the_graph() -> Iterator[Path]:
    """Files and folders whose code is never traced."""
    inside = (*_EMULATOR.iterdir(), *_TENSORS.iterdir())
    yield from (each for each in inside if each != _TENSORS and each not in _TRACED)
    # Of the facade, torch.hpu is the device's own too (bridge 1.19.0, dynamo/trace_rules.py).
    yield _FACADE / "habana_frameworks" / "torch" / "hpu"


def _describe() -> Any:
    """`torch.hpu`, in the shape that dynamo asks for."""
    worker = {name: _static(name) for name in ("set_device", "current_device", "get_device_properties")}
    members = {name: _static(name) for name in _ASKED if hasattr(torch.hpu, name)}
    return type("HpuInterface", (DeviceInterface,), {**members, "Worker": type("Worker", (), worker)})


def _static(name: str) -> Any:
    member: Any = getattr(torch.hpu, name)
    return member if isinstance(member, type) else staticmethod(member)
