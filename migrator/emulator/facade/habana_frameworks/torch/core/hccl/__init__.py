"""Emulated: an old name with nothing in it, as in Gaudi's package; see habana_frameworks.torch.distributed."""

from __future__ import annotations

from migrator.emulator.names.not_emulated import missing

__all__: list[str] = []
__getattr__ = missing(__name__)
