"""Emulated habana_frameworks.torch.utils.experimental: which chip this is."""

from __future__ import annotations

from enum import IntEnum

from habana_frameworks.torch import hpu
from migrator.emulator.chips import current_card
from migrator.emulator.names.not_emulated import missing

__all__ = ["hpu", "synDeviceType"]
__getattr__ = missing(__name__)


class synDeviceType(IntEnum):  # noqa: N801 - Gaudi's name
    """Generations of Gaudi, as Intel's public synapse_common_types.h numbers them."""

    synDeviceGaudi = 2  # noqa: N815 - Gaudi's name
    synDeviceGaudi2 = 4  # noqa: N815
    synDeviceGaudi3 = 5  # noqa: N815


def _get_device_type() -> synDeviceType:
    """The chip of the profile."""
    return synDeviceType(current_card().synapse_type)


def _is_fp16_supported() -> bool:
    """All chips but the first."""
    return _get_device_type() is not synDeviceType.synDeviceGaudi
