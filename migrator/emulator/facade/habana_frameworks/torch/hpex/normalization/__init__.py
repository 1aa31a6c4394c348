"""Emulated habana_frameworks.torch.hpex.normalization."""

from __future__ import annotations

from habana_frameworks.torch.hpex.normalization.fused_clip_norm import FusedClipNorm
from habana_frameworks.torch.hpex.normalization.fused_rms_norm import FusedRMSNorm, RmsNormBwdMode
from migrator.emulator.names.existence import withhold

__all__ = ["FusedClipNorm", "FusedRMSNorm", "RmsNormBwdMode"]
__getattr__ = withhold(globals())
