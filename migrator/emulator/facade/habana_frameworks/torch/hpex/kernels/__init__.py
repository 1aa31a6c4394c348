"""Emulated habana_frameworks.torch.hpex.kernels."""

from __future__ import annotations

from habana_frameworks.torch.hpex.kernels.ctc_loss import CTCLoss
from habana_frameworks.torch.hpex.kernels.custom_softmax import CustomSoftmax
from habana_frameworks.torch.hpex.kernels.fused_sdpa import FusedSDPA
from habana_frameworks.torch.hpex.kernels.py_sdpa import PySDPA, PySDPAHinted
from habana_frameworks.torch.hpex.kernels.rotary_pos_embedding import (
    RotaryPosEmbeddingHelperV1,
    RotaryPosEmbeddingHelperV2,
    RotaryPosEmbeddingHelperV3,
    RotaryPosEmbeddingMode,
    apply_rotary_pos_emb,
)
from migrator.emulator.names.existence import withhold

__all__ = [
    "CTCLoss",
    "CustomSoftmax",
    "FusedSDPA",
    "PySDPA",
    "PySDPAHinted",
    "RotaryPosEmbeddingHelperV1",
    "RotaryPosEmbeddingHelperV2",
    "RotaryPosEmbeddingHelperV3",
    "RotaryPosEmbeddingMode",
    "apply_rotary_pos_emb",
]
_FP8 = "is not emulated: float8 is not"
_SPARSE = "is not emulated: what its kernels do with valid counts is not public"
__getattr__ = withhold(
    globals(),
    Fp8FusedSDPA=_FP8,
    Fp8Ops=_FP8,
    fp8_fused_sdpa=_FP8,
    fp8_sdpa_bwd_wrapper=_FP8,
    fp8_sdpa_fwd_wrapper=_FP8,
    EmbeddingBag=_SPARSE,
    EmbeddingBagPreproc=_SPARSE,
    fbgemm=_SPARSE,
)
