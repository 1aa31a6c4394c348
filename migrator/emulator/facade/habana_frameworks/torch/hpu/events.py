"""Emulated habana_frameworks.torch.hpu.events."""

from __future__ import annotations

from migrator.emulator.names.existence import withhold
from migrator.emulator.torch_hpu import events
from migrator.emulator.torch_hpu.events import *  # noqa: F403 - all of it

__all__ = list(events.__all__)
__getattr__ = withhold(globals())
