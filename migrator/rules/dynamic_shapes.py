"""Advice: sizes that change with the data, of results and of batches. Changes nothing.

    hidden = x[mask]                        as many rows as the mask has ones
    longest = max(len(x) for x in batch)    as long as the longest sample of each batch

A graph holds for the shapes that it was compiled for: each new size is compiled anew, and where a result's size depends
on values, the host has to wait for it first. A result is told of where training works it out (forward passes, loops
that train, what they call): reads through masks and writes to them, nonzero, masked_select, unique, bincount, one
argument to where, repeat_interleave by a tensor, and sizes that are read from a tensor. A batch is told of once a
collation. What may take its place changes code or data, so nothing is rewritten.
Source: https://www.intel.com/content/www/us/en/developer/articles/training/detecting-dynamic-shapes.html;
https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Best_Practices_for_Model_Training_on_Gaudi.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._data_sizes import is_data_sized, is_masked_write, writes_number
from migrator.rules._device_code import device_code, once_a_statement
from migrator.rules._varying_batches import padded_to_longest

_RESULT = "the size of this result depends on data: the host waits for it, and each new size is compiled"
_WRITE = "an assignment through a mask may count its places first: the host waits, and each new number is compiled"
_BATCH = "batches are as long as their longest sample, and each new length is compiled"
_FIXED = (
    "Keep one size: multiply by the mask, choose with torch.where, take a fixed number of places with topk, or pad to"
    " the largest size there can be."
)
_FILL = "x = x.masked_fill(mask, value), or torch.where(mask, value, x), writes the same numbers with one shape."
_CHOOSE = "Compute the new values in the full shape and choose: x = torch.where(mask, new, x)."
_PAD = "Pad to one length, or to a few (buckets), and let the mask leave padding out of the loss."
_ALONE = " Where it has to stay, mark_step() before it keeps what comes first in a graph of its own; compare losses."
_REFINE = " Measure {name}=1 where sizes have to change."


class DynamicShapes(Rule):
    """Advice about sizes that depend on data."""

    name = "dynamic-shapes"
    kind = Kind.MODIFIED
    reason = "A graph holds for the shapes that it was compiled for."
    source = "https://www.intel.com/content/www/us/en/developer/articles/training/detecting-dynamic-shapes.html"
    needles = (b"torch",)
    nodes = (ast.Module,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All of a file: results in the code that training runs, then batches."""
        nodes = (found.node for found in device_code(file))
        sized = (node for node in nodes if is_masked_write(node, file) or is_data_sized(node, file))
        for spot in once_a_statement(sized, file):
            yield self._written(spot, file) if is_masked_write(spot, file) else self._sized(spot, file)
        for batch in padded_to_longest(file):
            yield self.finding(file, batch, _BATCH, _PAD + _refine(file))

    def _sized(self, spot: ast.AST, file: File) -> Finding:
        alone = _ALONE if file.target.lazy else ""
        return self.finding(file, spot, _RESULT, _FIXED + alone + _refine(file))

    def _written(self, spot: ast.AST, file: File) -> Finding:
        return self.finding(file, spot, _WRITE, _FILL if writes_number(spot, file) else _CHOOSE)


def _refine(file: File) -> str:
    """The flag that lets lazy mode's graphs take sizes in a range, where the release has it."""
    name = file.target.release.env.get("dynamic_shapes")
    return _REFINE.format(name=name) if file.target.lazy and name else ""
