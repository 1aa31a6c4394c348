"""Telling tensors with memory from the stand-ins that torch's compiler traces with."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import Parameter


def is_traced(tensor: Any) -> bool:
    """Whether it may have no memory: a stand-in, or another class than torch's own, which may hold one."""
    return type(tensor) is not Tensor and type(tensor) is not Parameter
