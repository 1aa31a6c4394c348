"""Gaudi's own operators exist on the device only: tensors left on the CPU are the user's mistake, and an error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def require_hpu(operator: str, tensors: Iterable[Any]) -> None:
    """Raise `NotImplementedError`, as torch's dispatcher does on a Gaudi, if one of `tensors` is not on the hpu.

    `operator` is the name of the bridge's operator, for instance `hpu::optimizer_adamw`. Absent (None) tensors pass.
    """
    for tensor in tensors:
        if tensor is not None and tensor.device.type != "hpu":
            raise NotImplementedError(
                f"Could not run '{operator}' with arguments from the '{tensor.device.type.upper()}' backend: a tensor "
                f"of shape {tuple(tensor.shape)} is on {tensor.device}; it runs on hpu tensors only"
            )


def require_dense(algorithm: str, gradient: Any, instead: str) -> None:
    """Raise `RuntimeError` for a sparse gradient. `instead` is what the bridge recommends."""
    if gradient.is_sparse:
        raise RuntimeError(f"{algorithm} does not support sparse gradients, {instead}")
