"""Emulated habana_frameworks.torch.dynamo, in releases that have torch.compile."""

from __future__ import annotations

from migrator.emulator.names.existence import require
from migrator.emulator.names.not_emulated import missing

require(__name__)

__all__: list[str] = []
__getattr__ = missing(__name__)
