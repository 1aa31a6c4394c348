"""Emulated habana_frameworks.torch.hpex.optimizers."""

from __future__ import annotations

from habana_frameworks.torch.hpex.optimizers.fused_adagrad import FusedAdagrad
from habana_frameworks.torch.hpex.optimizers.fused_adamw import FusedAdamW
from habana_frameworks.torch.hpex.optimizers.fused_lamb import FusedLamb
from habana_frameworks.torch.hpex.optimizers.fused_lars import FusedLars
from habana_frameworks.torch.hpex.optimizers.fused_resource_apply_momentum import FusedResourceApplyMomentum
from habana_frameworks.torch.hpex.optimizers.fused_sgd import FusedSGD
from habana_frameworks.torch.hpex.optimizers.markstep_adam import Adam
from migrator.emulator.names.existence import withhold

__all__ = [
    "Adam",
    "FusedAdagrad",
    "FusedAdamW",
    "FusedLamb",
    "FusedLars",
    "FusedResourceApplyMomentum",
    "FusedSGD",
]
_SPARSE = "is not emulated: what its kernel does with repeated indices and valid counts is not public"
__getattr__ = withhold(
    globals(),
    # python_packages/.../optimizers/MarkstepAdamW.py: `step` evaluates a name that nothing defines.
    AdamW="cannot step on a Gaudi either (release 1.19.0): use FusedAdamW, or torch.optim.AdamW",
    SparseAdagrad=_SPARSE,
    SparseSGD=_SPARSE,
)
