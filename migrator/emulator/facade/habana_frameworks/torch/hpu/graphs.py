"""Emulated habana_frameworks.torch.hpu.graphs. It can be imported in every mode; its graphs need lazy mode.

So it is in bridge 1.19.0, whose `ModuleCacher` runs the module as it is outside lazy mode.
"""

from __future__ import annotations

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
from migrator.emulator.not_emulated import missing

__all__ = [
    "CachedParams",
    "HPUGraph",
    "ModuleCacher",
    "graph",
    "is_current_stream_capturing",
    "make_graphed_callables",
    "wrap_in_hpu_graph",
    "wrap_in_hpu_graph_func",
]
__getattr__ = missing(__name__)
