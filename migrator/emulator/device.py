"""The device itself: what torch's C++ side asks of a backend."""

from __future__ import annotations

from typing import Any

import torch

from migrator.emulator.torch_private import DeviceGuard, DeviceType, PrivateUse1Hooks

CPU = torch.device("cpu")
# Its own name until the rename, `hpu` from then on; `torch.device("hpu")` before it is another device type.
HPU = torch.device("privateuseone", 0)


class Hooks(PrivateUse1Hooks):  # type: ignore[misc]
    """The emulated backend is always there."""

    def is_available(self) -> bool:
        """Without conditions."""
        return True

    def is_built(self) -> bool:
        """Likewise."""
        return True

    def has_primary_context(self, index: int) -> bool:
        """A context exists for the only card."""
        return index == 0


class Guard(DeviceGuard):  # type: ignore[misc]
    """Autograd asks for the guard of each device that a graph touches."""

    def type_(self) -> Any:
        """The renamed device type."""
        return DeviceType.PrivateUse1


def check_index(device: Any) -> None:
    """Raise `RuntimeError`, as torch does for an invalid ordinal, when `device` is an hpu other than hpu:0."""
    if device is not None and device.type == "hpu" and device.index not in (None, 0):
        raise RuntimeError(f"invalid device ordinal: {device}; this process has one device, hpu:0")


def lower_device(device: Any) -> Any:
    """`device` for a CPU kernel: hpu becomes cpu."""
    check_index(device)
    return CPU if device is not None and device.type == "hpu" else device
