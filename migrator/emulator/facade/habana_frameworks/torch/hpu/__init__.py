"""Emulated habana_frameworks.torch.hpu, which is `torch.hpu` too: the device, and in lazy mode its graphs.

Names and signatures are those of bridge 1.19.0, hpu/.
"""

from __future__ import annotations

import sys

import torch

from habana_frameworks.torch.hpu import events, graphs, memory, random, streams
from migrator.emulator import torch_hpu
from migrator.emulator.existence import withhold
from migrator.emulator.hpu_graphs import (
    CachedParams,
    HPUGraph,
    ModuleCacher,
    graph,
    is_current_stream_capturing,
    make_graphed_callables,
    wrap_in_hpu_graph,
    wrap_in_hpu_graph_func,
)
from migrator.emulator.torch_hpu import *  # noqa: F403 - whatever the device has
from migrator.emulator.torch_hpu import _is_in_bad_fork, _lazy_init  # noqa: F401 - torch asks for them

__all__ = [  # noqa: PLE0604 - all of the device's
    *torch_hpu.__all__,
    "CachedParams",
    "HPUGraph",
    "ModuleCacher",
    "events",
    "graph",
    "graphs",
    "is_current_stream_capturing",
    "make_graphed_callables",
    "memory",
    "random",
    "streams",
    "wrap_in_hpu_graph",
    "wrap_in_hpu_graph_func",
]
__getattr__ = withhold(globals(), **torch_hpu.ABSENT)

torch.hpu = sys.modules["torch.hpu"] = sys.modules[__name__]
