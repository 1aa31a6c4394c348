"""The collectives of several emulated cards: torch.distributed's backend `hccl`, over gloo."""

from __future__ import annotations

from migrator.emulator.distributed.backend import ProcessGroupHCCL, install

__all__ = ["ProcessGroupHCCL", "install"]
