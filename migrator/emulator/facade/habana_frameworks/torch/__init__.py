"""Emulated: importing it makes `hpu` a device of this process, as Gaudi's does."""

from __future__ import annotations

from migrator.emulator import activate_from_environment

activate_from_environment()

import habana_frameworks.torch.distributed.hccl  # noqa: E402, F401 - needs the device; the bridge loads it here too
from habana_frameworks.torch import core, distributed, hpu  # noqa: E402
from migrator.emulator import compile_backend  # noqa: E402
from migrator.emulator.names.existence import withhold  # noqa: E402
from migrator.emulator.preconditions.gpu_migration import refuse_gpu_migration  # noqa: E402

compile_backend.install()
refuse_gpu_migration()

__all__ = ["core", "distributed", "hpu"]
__getattr__ = withhold(globals())
