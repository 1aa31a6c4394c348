"""Emulated habana_frameworks.torch.core: step marks and the switches of inference.

Names and signatures are those of bridge 1.19.0, core/.
"""

from __future__ import annotations

from habana_frameworks.torch import hpu
from habana_frameworks.torch.core import quantization, step_closure
from habana_frameworks.torch.core.quantization import *  # noqa: F403 - all of it
from habana_frameworks.torch.core.step_closure import *  # noqa: F403
from habana_frameworks.torch.utils.internal import is_lazy
from migrator.emulator.names.existence import withhold

__all__ = [*quantization.__all__, *step_closure.__all__, "get_device_count", "hpu", "is_lazy"]  # noqa: PLE0604


def get_device_count() -> int:
    """Cards of the machine: the former name of `hpu.device_count`."""
    return int(hpu.device_count())


__getattr__ = withhold(globals())
