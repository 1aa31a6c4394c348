"""`torch.hpu`: autocast's state under the bridge's names."""

from __future__ import annotations

from typing import Any

import torch

__all__ = [
    "get_amp_supported_dtype",
    "get_autocast_hpu_dtype",
    "is_autocast_hpu_enabled",
    "set_autocast_hpu_dtype",
    "set_autocast_hpu_enabled",
]


def get_amp_supported_dtype() -> list[Any]:
    """Types that `torch.autocast("hpu")` takes; for others it warns and casts nothing."""
    return [torch.bfloat16, torch.float16]


def is_autocast_hpu_enabled() -> bool:
    """Whether operators are cast now."""
    return bool(torch.is_autocast_enabled("hpu"))


def set_autocast_hpu_enabled(enabled: bool) -> None:
    """Cast from now on, or no more."""
    torch.set_autocast_enabled("hpu", enabled)


def get_autocast_hpu_dtype() -> Any:
    """The lower precision."""
    return torch.get_autocast_dtype("hpu")


def set_autocast_hpu_dtype(dtype: Any) -> None:
    """Choose the lower precision."""
    torch.set_autocast_dtype("hpu", dtype)
