"""Emulated habana_frameworks.torch.hpex: fused optimizers, norms and kernels, computed by plain torch operators.

Names, signatures, defaults, states and errors are those of the public bridge, release 1.19
(HabanaAI/gaudi-pytorch-bridge, python_packages/habana_frameworks/torch/hpex and hpu_ops/backend). As there, each part
is imported by its own name.
"""

from __future__ import annotations

from migrator.emulator.names.existence import withhold

__all__: list[str] = []
__getattr__ = withhold(globals())
