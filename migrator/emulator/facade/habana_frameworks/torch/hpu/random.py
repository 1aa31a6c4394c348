"""Emulated habana_frameworks.torch.hpu.random."""

from __future__ import annotations

from migrator.emulator.names.existence import withhold
from migrator.emulator.torch_hpu import random
from migrator.emulator.torch_hpu.random import *  # noqa: F403 - all of it

__all__ = list(random.__all__)
__getattr__ = withhold(globals())
