"""The backend itself: AOT autograd cuts a captured graph into forward and backward, which run operator by operator.

Gaudi's backend compiles these same graphs to recipes (bridge 1.19.0, dynamo/compile_backend/backends.py). Here nothing
is compiled, so results are those of eager mode; what holds as on the device is which graphs there are, and when torch
captures a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from migrator.emulator.profile import current
from migrator.emulator.torch_private.aot import aot_autograd, make_boxed_func
from migrator.errors import UsageError


@dataclass
class GraphCounts:
    """Graphs that the backend was given in this process. One more for the same code is a recompilation."""

    forward: int = 0
    backward: int = 0
    inference: int = 0


counts = GraphCounts()


def run_captured(module: Any, inputs: Any) -> Any:
    """A function that runs a captured graph on tensors like `inputs`.

    Raises `UsageError` in lazy mode, in which Gaudi has no torch.compile.
    """
    if current().lazy:
        raise UsageError(
            "torch.compile does not work in lazy mode", hint="set PT_HPU_LAZY_MODE=0 before the program starts"
        )
    compiled = aot_autograd(
        fw_compiler=_counting("forward"),
        bw_compiler=_counting("backward"),
        inference_compiler=_counting("inference"),
        keep_inference_input_mutations=True,
    )
    return compiled(module, inputs)


def _counting(kind: str) -> Callable[[Any, Any], Any]:
    def compile_graph(module: Any, _: Any) -> Any:
        setattr(counts, kind, getattr(counts, kind) + 1)
        return make_boxed_func(module.forward)

    return compile_graph
