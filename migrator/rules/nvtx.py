"""Marks for NVIDIA's profilers are removed.

    torch.cuda.nvtx.range_push("forward")               ->  (removed, range_pop too)
    with torch.cuda.nvtx.range("forward"): ...          ->  the body
    @nvtx.annotate("step")                              ->  (removed)
    torch.cuda.profiler.start()                         ->  (removed)

Ranges for Gaudi's profiler are torch.profiler.record_function's, which need nothing ported.
Source: https://docs.habana.ai/en/latest/Profiling/Profiling_with_PyTorch.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._removal import (
    Removal,
    statement_of,
    take_out_context,
    take_out_decorator,
    take_out_statement,
)

_MARKS = re.compile(
    r"torch\.cuda\.nvtx\.(range_push|range_pop|range_start|range_end|mark|range)"
    r"|nvtx\.(push_range|pop_range|mark|annotate)"
    r"|torch\.cuda\.profiler\.(start|stop|profile|init)"
    r"|torch\.autograd\.profiler\.emit_nvtx"
    r"|(apex\.)?pyprof\.(nvtx\.)?init"
)
_CUDART = re.compile(r"cudaProfiler(Start|Stop)")


class Nvtx(Rule):
    """Removes marks for NVIDIA's profilers."""

    name = "nvtx"
    kind = Kind.MISMATCH
    reason = "It marks a range for NVIDIA's profilers, which do not see Gaudi."
    source = "https://docs.habana.ai/en/latest/Profiling/Profiling_with_PyTorch.html"
    needles = (b"nvtx", b"cuda.profiler", b"profiler.start", b"cudart", b"pyprof")
    nodes = (ast.Call,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A mark that is a statement, the item of a with-block, or a decorator."""
        if isinstance(node, ast.Call) and _is_mark(node, file) and (removal := _removal(node, file)) is not None:
            yield self.fix(removal.edits, reindents=removal.reindents)


def _is_mark(call: ast.Call, file: File) -> bool:
    names = file.called(call)
    if isinstance(call.func, ast.Attribute) and _CUDART.fullmatch(call.func.attr):
        return "torch.cuda.cudart" in file.called(call.func.value)
    return bool(names) and all(_MARKS.fullmatch(name) for name in names)


def _removal(call: ast.Call, file: File) -> Removal | None:
    above = file.parent(call)
    if (statement := statement_of(call, file)) is not None:
        return take_out_statement(file, statement)
    if isinstance(above, ast.withitem):
        return take_out_context(file, above)
    if call in getattr(above, "decorator_list", ()):
        return take_out_decorator(file, call)
    return None
