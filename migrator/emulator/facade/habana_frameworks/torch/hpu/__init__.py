"""Emulated habana_frameworks.torch.hpu, which is `torch.hpu` too: the device, and in lazy mode its graphs.

Names and signatures are those of bridge 1.19.0, hpu/.
"""

from __future__ import annotations

import sys

import torch

from habana_frameworks.torch.hpu import events, graphs, memory, random, streams
from habana_frameworks.torch.hpu.graphs import *  # noqa: F403 - all of it; withheld outside lazy mode
from migrator.emulator import torch_hpu
from migrator.emulator.names.existence import withhold
from migrator.emulator.torch_hpu import *  # noqa: F403 - whatever the device has
from migrator.emulator.torch_hpu import _is_in_bad_fork, _lazy_init  # noqa: F401 - torch asks for them

__all__ = [  # noqa: PLE0604 - all of the device's
    *torch_hpu.__all__,
    *graphs.__all__,
    "events",
    "graphs",
    "memory",
    "random",
    "streams",
]
__getattr__ = withhold(globals(), **torch_hpu.ABSENT)

torch.hpu = sys.modules["torch.hpu"] = sys.modules[__name__]
