"""Emulated habana_frameworks.torch.hpex.movingavrg."""

from __future__ import annotations

from habana_frameworks.torch.hpex.movingavrg.fused_ema import FusedEMA
from migrator.emulator.names.existence import withhold

__all__ = ["FusedEMA"]
__getattr__ = withhold(globals())
