"""Emulated habana_frameworks.torch.hpex.optimizers.distributed."""

from __future__ import annotations

from habana_frameworks.torch.hpex.optimizers.distributed.fused_adamw import FusedAdamW
from migrator.emulator.names.existence import withhold

__all__ = ["FusedAdamW"]
__getattr__ = withhold(globals())
