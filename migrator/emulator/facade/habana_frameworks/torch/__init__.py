"""Emulated: importing it makes `hpu` a device of this process, as Gaudi's does."""

from __future__ import annotations

from migrator.emulator import activate_from_environment

activate_from_environment()

from habana_frameworks.torch import core, distributed, hpu  # noqa: E402 - needs the device
from migrator.emulator.not_emulated import missing  # noqa: E402

__all__ = ["core", "distributed", "hpu"]
__getattr__ = missing(__name__)
