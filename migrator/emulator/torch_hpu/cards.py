"""`torch.hpu`: which cards there are, and what they are."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any

from torch.utils.checkpoint import DefaultDeviceType

from migrator.emulator.chips import current_card
from migrator.emulator.counting.counters import note_host_read
from migrator.emulator.device import card_index
from migrator.emulator.profile import current

__all__ = [
    "can_device_access_peer",
    "current_device",
    "device",
    "device_count",
    "device_of",
    "get_arch_list",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_gencode_flags",
    "init",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "set_device",
    "synchronize",
    "utilization",
]


def is_available() -> bool:
    """The emulated card is always there."""
    return True


def is_initialized() -> bool:
    """Nothing is left to initialise."""
    return True


def init() -> None:
    """Nothing but torch's checkpoints: for models that do not say so, they take place on this device."""
    DefaultDeviceType.set_device_type("hpu")


def device_count() -> int:
    """Cards of the machine, as the profile says."""
    return current().cards


def current_device() -> int:
    """The only card of this process, 0, whichever of the machine's it is."""
    return 0


def set_device(device: Any) -> None:
    """Choose a card for this process; it is hpu:0 all the same. Raises `RuntimeError` for one that is not there."""
    _chosen[0] = card_index(device)


_chosen = [0]


class device:  # noqa: N801 - torch.cuda's name
    """`with torch.hpu.device(0):`; any card but this process's is an error."""

    def __init__(self, device: Any) -> None:
        index = card_index(device)
        if index not in (0, _chosen[0], int(os.environ.get("HLS_MODULE_ID") or 0)):
            raise RuntimeError(f"invalid device ordinal: hpu:{index}; this process has one device, hpu:0")
        self.idx = index

    def __enter__(self) -> None:
        """Nothing to switch to."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing to switch back from."""


class device_of(device):  # noqa: N801 - torch.cuda's name
    """The device of a tensor."""

    def __init__(self, tensor: Any) -> None:
        super().__init__(tensor.device if tensor.device.type == "hpu" else None)


def synchronize(device: Any = None) -> None:
    """Wait for the device, which is never behind; a host read when counted."""
    card_index(device)
    note_host_read("synchronize")


def get_device_name(device: Any = None) -> str:
    """The chip of the profile: GAUDI, GAUDI2 or GAUDI3."""
    card_index(device)
    return current_card().name


def get_device_capability(device: Any = None) -> str:
    """The driver's version on a real card, which is the release's."""
    card_index(device)
    return f"{current().release.name}.0"


def get_device_properties(device: Any = None) -> str:
    """A line of text with the keys that the bridge prints; the addresses and handles of a real card are 0."""
    index = card_index(device)
    card = current_card()
    values = {
        "sramBaseAddress": 0,
        "dramBaseAddress": 0,
        "sramSize": card.sram,
        "dramSize": card.memory,
        "tpcEnabledMask": (1 << card.tensor_cores) - 1,
        "dramEnabled": 1,
        "fd": 0,
        "device_id": index,
        "device_type": card.synapse_type,
    }
    return f"({', '.join(f'{name}={value}' for name, value in values.items())})"


def can_device_access_peer(device: Any, peer_device: Any) -> bool:
    """Whether two different cards reach one another's memory: always. The same card twice is an error."""
    if card_index(device) == card_index(peer_device):
        raise AssertionError("Both the ids are same.")
    return True


def get_arch_list() -> list[str]:
    """The chip's name, as the bridge has it."""
    return [get_device_name()]


def get_gencode_flags() -> str:
    """None, as the bridge has it."""
    return ""


def is_bf16_supported() -> bool:
    """Every chip has it."""
    return True


def utilization(device: Any = None) -> int:
    """The driver would say how busy the card is, in percent; there is no card."""
    card_index(device)
    raise RuntimeError("the utilization of the card cannot be emulated: there is no card")
