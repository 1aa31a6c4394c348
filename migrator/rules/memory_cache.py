"""Calls that manage CUDA's caching allocator are removed: Gaudi has nothing that they could do.

    torch.cuda.empty_cache()      ->  (removed, with an `if` that held nothing else)
    torch.cuda.ipc_collect()      ->  (removed)

Only calls that stand as statements; which names these are is in the API map (`patches/api_map/torch_cuda.toml`).
Source: HabanaAI/gaudi-pytorch-bridge 1.19.0 python_packages/habana_frameworks/torch/hpu/memory.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._removal import statement_of, take_out_statement


class MemoryCache(Rule):
    """Removes what manages CUDA's cache."""

    name = "memory-cache"
    kind = Kind.MISMATCH
    reason = "Gaudi's memory pool is reserved once; there is no cache to give back."
    source = "HabanaAI/gaudi-pytorch-bridge 1.19.0 python_packages/habana_frameworks/torch/hpu/memory.py"
    needles = (b"empty_cache", b"ipc_collect")
    nodes = (ast.Call,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A call that the API map gives to this rule, standing as a statement."""
        statement = statement_of(node, file)
        names = file.called(node)
        if statement is None or len(names) != 1:
            return
        entry = file.context.api.lookup(next(iter(names)))
        if entry is not None and entry.rule == self.name:
            removal = take_out_statement(file, statement)
            yield self.fix(removal.edits, reason=entry.reason, source=entry.source)
