"""Emulated habana_frameworks.torch.core: step marks and the switches of inference.

Names and signatures are those of bridge 1.19.0, core/.
"""

from __future__ import annotations

from habana_frameworks.torch import hpu
from habana_frameworks.torch.core.quantization import (
    hpu_inference_initialize,
    hpu_initialize,
    hpu_reset_env,
    hpu_set_env,
    hpu_set_inference_env,
    hpu_teardown_inference_env,
)
from habana_frameworks.torch.core.step_closure import add_step_closure, iter_mark_step, mark_step
from habana_frameworks.torch.utils.internal import is_lazy
from migrator.emulator.existence import withhold

__all__ = [
    "add_step_closure",
    "get_device_count",
    "hpu",
    "hpu_inference_initialize",
    "hpu_initialize",
    "hpu_reset_env",
    "hpu_set_env",
    "hpu_set_inference_env",
    "hpu_teardown_inference_env",
    "is_lazy",
    "iter_mark_step",
    "mark_step",
]


def get_device_count() -> int:
    """Cards of the machine: the former name of `hpu.device_count`."""
    return int(hpu.device_count())


__getattr__ = withhold(globals())
