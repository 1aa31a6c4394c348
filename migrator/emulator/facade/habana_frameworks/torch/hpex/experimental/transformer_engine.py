"""habana_frameworks.torch.hpex.experimental.transformer_engine: float8, which is not emulated."""

from __future__ import annotations

raise ImportError(
    f"{__name__} is not emulated: it computes in float8. Leave it out, or run on a Gaudi2 or later", name=__name__
)
