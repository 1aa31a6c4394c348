"""Emulated habana_frameworks.torch.hpu.memory."""

from __future__ import annotations

from migrator.emulator.names.existence import withhold
from migrator.emulator.torch_hpu import memory
from migrator.emulator.torch_hpu.memory import *  # noqa: F403 - all of it

__all__ = list(memory.__all__)
__getattr__ = withhold(globals())
