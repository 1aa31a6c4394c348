"""Emulated habana_frameworks.torch.hpu.graphs. It can be imported in every mode; its graphs need lazy mode.

So it is in bridge 1.19.0, whose `ModuleCacher` runs the module as it is outside lazy mode.
"""

from __future__ import annotations

from migrator.emulator import hpu_graphs
from migrator.emulator.hpu_graphs import *  # noqa: F403 - all of it
from migrator.emulator.names.not_emulated import missing

__all__ = list(hpu_graphs.__all__)
__getattr__ = missing(__name__)
