"""Copies of batches to the device do not make the host wait.

    for batch in loader:                                for batch in loader:
        batch = [t.to(device) for t in batch]     ->        batch = [t.to(device, non_blocking=True) for t in batch]

Only copies of what a DataLoader gives, and of arrays and lists made into tensors in a training loop: their source is
memory of the host. Never a copy to the CPU, which could be read before it is there, and never a model. The values that
arrive are the same: the device takes copies and operations in the order in which they were asked for.

Left as a finding: batches that may be objects with a `to` of their own (a `collate_fn` that does not make tensors), and
host memory that the loop changes in place, which the copy could then still be reading.
Source: https://docs.pytorch.org/tutorials/intermediate/pinmem_nonblock.html; HabanaAI/Model-References 1.6.1 to 1.23.0
(in 6 to 24 files a release)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import add_argument, keyword
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._collation import gives_tensors
from migrator.rules._host_memory import host_arrays, root_name, stays_unchanged
from migrator.rules._loader_batches import batch_loop

_POSITION = {"to": 2, "cuda": 1}  # of non_blocking
_ADVICE = "Pass non_blocking=True by hand if"


class NonBlocking(Rule):
    """non_blocking=True for copies of host data to the device."""

    name = "non-blocking"
    kind = Kind.MODIFIED
    reason = "The host goes on to prepare the next operations while the batch is copied."
    source = "https://docs.pytorch.org/tutorials/intermediate/pinmem_nonblock.html"
    needles = (b".to(", b".cuda(")
    nodes = (ast.For, ast.While)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A loop over batches, or a training loop."""
        if not isinstance(node, (ast.For, ast.While)):
            return
        loop = batch_loop(node, file) if isinstance(node, ast.For) else None
        known = loop is not None and all(gives_tensors(loader, file) for loader in loop.loaders)
        for call in loop.copies() if loop is not None else ():
            yield from self._copy(call, node, file, known=known)
        for call in host_arrays(node, file):
            yield from self._copy(call, node, file, known=True)

    def _copy(self, call: ast.Call, loop: ast.For | ast.While, file: File, *, known: bool) -> Iterator[Fix | Finding]:
        if _says_already(call):
            return
        if not known or any(k.arg is None for k in call.keywords):
            advice = f"{_ADVICE} what is copied is a tensor, or its own `to` takes the argument."
            yield self.finding(file, call, "a batch may be an object with a `to` of its own", advice)
        elif not stays_unchanged(call, loop, file):
            advice = f"{_ADVICE} {root_name(call, file)!r} is not written to before the copy is done."
            yield self.finding(file, call, "the loop changes in place what is copied", advice)
        else:
            yield self.fix([add_argument(file, call, "non_blocking=True")])


def _says_already(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return keyword(call, "non_blocking") is not None or len(call.args) > _POSITION[name]
