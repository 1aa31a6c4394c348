"""HPU graphs: captured operators, run again on the same memory."""

from __future__ import annotations

from migrator.emulator.hpu_graphs.callables import make_graphed_callables
from migrator.emulator.hpu_graphs.graph import HPUGraph, graph, is_current_stream_capturing
from migrator.emulator.hpu_graphs.module_cacher import ModuleCacher
from migrator.emulator.hpu_graphs.wrapping import CachedParams, wrap_in_hpu_graph, wrap_in_hpu_graph_func

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
