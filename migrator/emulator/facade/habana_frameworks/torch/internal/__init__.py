"""Emulated habana_frameworks.torch.internal: there, and without contents."""

from __future__ import annotations

from migrator.emulator.names.not_emulated import missing

__all__: list[str] = []
__getattr__ = missing(__name__)
