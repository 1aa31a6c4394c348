"""The lower precision of `torch.autocast("hpu")` where none is named: bfloat16, as torch has it for Gaudi.

torch keeps it by thread, and has float16 for devices of this kind.
"""

from __future__ import annotations

import threading
from typing import Any

import torch

_get = torch.get_autocast_dtype
_set = torch.set_autocast_dtype


class _Prepared(threading.local):
    """Its making, when a thread first uses it, prepares the thread."""

    def __init__(self) -> None:
        _set("hpu", torch.bfloat16)

    def get(self, device_type: Any) -> Any:
        return _get(device_type)

    def set(self, device_type: Any, dtype: Any) -> None:
        _set(device_type, dtype)


def install() -> None:
    """From now on, in every thread."""
    prepared = _Prepared()
    # Functions, since a method taken from `prepared` here would not look for the thread that calls it.
    torch.get_autocast_dtype = lambda device_type: prepared.get(device_type)  # noqa: PLW0108
    torch.set_autocast_dtype = lambda device_type, dtype: prepared.set(device_type, dtype)  # noqa: PLW0108
