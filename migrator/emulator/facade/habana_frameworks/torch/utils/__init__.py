"""Emulated habana_frameworks.torch.utils: its parts are imported by name."""

from __future__ import annotations

from migrator.emulator.names.not_emulated import missing

__all__: list[str] = []
__getattr__ = missing(__name__)
