"""Emulated preparation of inference: hints to the graph compiler, of which there is none here.

Gaudi's also folds batch norms into the convolutions before them, which changes no result but its rounding; models come
back as they were given.
"""

from __future__ import annotations

from typing import Any

from migrator.emulator.names.not_emulated import missing

__all__ = [
    "hpu_inference_initialize",
    "hpu_initialize",
    "hpu_reset_env",
    "hpu_set_env",
    "hpu_set_inference_env",
    "hpu_teardown_inference_env",
]
__getattr__ = missing(__name__)


def hpu_set_inference_env(model: Any = None) -> Any:
    """Inference begins; the model, unchanged."""
    return model


def hpu_inference_initialize(
    model: Any = None, mark_only_scales_as_const: bool = False, optimizer: Any = None, args: Any = None
) -> None:
    """Weights will not change any more."""


def hpu_teardown_inference_env() -> None:
    """Inference ends."""


# The former names.
hpu_set_env = hpu_set_inference_env
hpu_initialize = hpu_inference_initialize
hpu_reset_env = hpu_teardown_inference_env
