"""Emulated habana_frameworks.torch.distributed: `hccl` below it."""

from __future__ import annotations

from migrator.emulator.names.not_emulated import missing

__all__: list[str] = []
__getattr__ = missing(__name__)
