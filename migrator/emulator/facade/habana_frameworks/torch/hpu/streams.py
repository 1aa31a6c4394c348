"""Emulated habana_frameworks.torch.hpu.streams."""

from __future__ import annotations

from migrator.emulator.names.existence import withhold
from migrator.emulator.torch_hpu import streams
from migrator.emulator.torch_hpu.streams import *  # noqa: F403 - all of it

__all__ = list(streams.__all__)
__getattr__ = withhold(globals())
