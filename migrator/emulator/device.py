"""The device itself: what torch's C++ side asks of a backend, and which of a machine's cards this process has."""

from __future__ import annotations

from typing import Any

import torch

from migrator.emulator.profile import current
from migrator.emulator.torch_private.eager import DeviceGuard, DeviceType, PrivateUse1Hooks

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
    """Raise `RuntimeError`, as torch does for an invalid ordinal, when `device` is an hpu other than hpu:0.

    A process of Gaudi's has one card, whichever it is, and calls it hpu:0.
    """
    if device is not None and device.type == "hpu" and device.index not in (None, 0):
        raise RuntimeError(f"invalid device ordinal: {device}; this process has one device, hpu:0")


def lower_device(device: Any) -> Any:
    """`device` for a CPU kernel: hpu becomes cpu."""
    check_index(device)
    return CPU if device is not None and device.type == "hpu" else device


def card_index(device: Any = None) -> int:
    """Which of the machine's cards `device` means: an index, `None` for this process's, a name or a `torch.device`.

    Raises `ValueError` for another type of device, and `RuntimeError` for a card that the machine has not.
    """
    if device is None:
        return 0
    if not isinstance(device, int):
        device = torch.device(device)
        if device.type != "hpu":
            raise ValueError(f"Expected a hpu device, but got: {device}")
        device = device.index or 0
    cards = current().cards
    if not 0 <= device < cards:
        raise RuntimeError(f"invalid device ordinal: hpu:{device}; this machine has {cards} card(s)")
    return int(device)
