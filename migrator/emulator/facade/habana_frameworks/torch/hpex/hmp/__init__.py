"""Emulated habana_frameworks.torch.hpex.hmp, Habana Mixed Precision, which releases before 1.13 have."""

from __future__ import annotations

from migrator.emulator.names.existence import require, withhold

require(__name__)

from habana_frameworks.torch.hpex.hmp.conversion import convert, disable_casts  # noqa: E402 - after the release's check

__all__ = ["convert", "disable_casts"]
__getattr__ = withhold(globals())
