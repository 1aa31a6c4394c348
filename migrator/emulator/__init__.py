"""An emulated `hpu` device on the CPU, for machines without a Gaudi.

`activate()` makes `torch.device("hpu")` usable: tensors say `hpu:0`, their bytes are CPU memory, and CPU kernels
compute on them. It shows how a program behaves on a device of its own (mixed devices, host reads, step marks); it
says nothing of Gaudi's speed or numerics. Needs torch, the package's `emulator` extra.
"""

from __future__ import annotations

from migrator.emulator.activation import activate, activate_from_environment, is_active

__all__ = ["activate", "activate_from_environment", "is_active"]
