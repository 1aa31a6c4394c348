"""Emulated: importing it completes the launcher's variables, as Gaudi's does, and the backend `hccl` is there."""

from __future__ import annotations

import os

from migrator.emulator.distributed import ProcessGroupHCCL, launch
from migrator.emulator.distributed.launch import HABANA_VISIBLE_MODULES_VAR, HLS_MODULE_ID_VAR
from migrator.emulator.names.not_emulated import missing

__all__ = ["HABANA_VISIBLE_MODULES_VAR", "HLS_MODULE_ID_VAR", "ProcessGroupHCCL", "initialize_distributed_hpu"]
__getattr__ = missing(__name__)


def initialize_distributed_hpu(
    world_size: int | None = None, rank: int | None = None, local_rank: int | None = None
) -> tuple[int, int, int]:
    """Set the variables that training needs, from the launcher's or from the arguments, all three given.

    The result is `(world_size, rank, local_rank)`; ranks are -1 when no launcher started this process. Raises as
    `migrator.emulator.distributed.launch.initialize` does.
    """
    return launch.initialize(os.environ, world_size, rank, local_rank)


initialize_distributed_hpu()
