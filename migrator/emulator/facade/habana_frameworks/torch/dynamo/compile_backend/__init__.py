"""Emulated habana_frameworks.torch.dynamo.compile_backend. The backend itself needs no import."""

from __future__ import annotations

from migrator.emulator.names.not_emulated import missing

__all__: list[str] = []
__getattr__ = missing(__name__)
