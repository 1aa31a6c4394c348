"""Emulated: the deprecated place of `initialize_distributed_hpu`."""

from __future__ import annotations

import warnings

from habana_frameworks.torch.distributed import hccl
from migrator.emulator.names.not_emulated import missing

__all__ = ["initialize_distributed_hpu"]
__getattr__ = missing(__name__)


def initialize_distributed_hpu() -> tuple[int, int, int]:
    """Warn, and do what `habana_frameworks.torch.distributed.hccl.initialize_distributed_hpu()` does."""
    warnings.warn(
        f"{__name__}.initialize_distributed_hpu is deprecated: use {hccl.__name__}.initialize_distributed_hpu",
        stacklevel=2,
    )
    return hccl.initialize_distributed_hpu()
