"""Emulated habana_frameworks.torch.hpex.experimental: nothing of it."""

from __future__ import annotations

from migrator.emulator.names.existence import withhold

__all__: list[str] = []
__getattr__ = withhold(globals())
