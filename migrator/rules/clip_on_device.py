"""Gradient clipping written out by hand: the device decides whether to clip, and the host does not read the norm.

    norm = norm.item()                           norm = norm.squeeze()
    if norm == float("inf"):
        return
    coef = max_norm / (norm + 1e-6)       ->     coef = max_norm / (norm + 1e-6)
                                                 coef = coef.masked_fill(~(coef < 1) | (norm == float("inf")), 1.0)
    if coef < 1:
        for p in parameters:                     for p in parameters:
            p.grad.mul_(coef)                        p.grad.mul_(coef)

This is how clip_grad_norm_ was written once, and copies of it are. Where nothing is clipped the factor is 1.0, which
changes no bit. Only where the norm and the factor serve nothing else, and the branch holds nothing but products with
the factor. `.float()` is added where the norm may be of 16 bits, which a number of Python's is not.

The factor is worked out in float32 and not in Python's double precision: clipped gradients may differ by two units in
the last place, as with torch's clip_grad_norm_, which does the same. Before torch 2.1 a list of tensors is multiplied
by a list of factors: one factor for all would be read by the host.
Source: https://docs.habana.ai/en/latest/Profiling/Profiling_with_PyTorch.html;
https://github.com/pytorch/pytorch/blob/v2.1.0/torch/nn/utils/clip_grad.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_calls import operand
from migrator.core.edit_expressions import replace
from migrator.core.edit_fold import fold
from migrator.core.edit_removal import remove_all
from migrator.core.edit_statements import replace_statement
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._clip_by_hand import Clipping, clipping

_ONE_FACTOR = (2, 1)  # the first torch whose _foreach_mul_ takes a tensor for all


class ClipOnDevice(Rule):
    """Whether gradients are clipped is decided on the device."""

    name = "clip-on-device"
    kind = Kind.MODIFIED
    reason = "Reading the norm waits for the backward pass; the device decides by itself, with a factor of 1 for none."
    source = "https://docs.habana.ai/en/latest/Profiling/Profiling_with_PyTorch.html"
    needles = (b".item(", b"float(")
    nodes = (ast.If,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A test whether a factor is below 1."""
        found = clipping(node, file) if isinstance(node, ast.If) else None
        if found is not None:
            folded = fold(file, found.branch, taken=True)
            edits = [*_kept(found, file), *_bounded(found, file), *_factors(found, file), *folded.edits]
            yield self.fix(edits, reindents=folded.reindents)


def _kept(found: Clipping, file: File) -> Iterator[Edit]:
    """The norm as a tensor without dimensions, like the number that it was."""
    widened = "" if found.is_float else ".float()"
    yield replace(file, found.number, f"{operand(file, found.tensor)}{widened}.squeeze()")


def _bounded(found: Clipping, file: File) -> Iterator[Edit]:
    factor, kept = found.factor, f"~({found.factor} < 1)"
    if found.unless is not None:
        kept += f" | ({found.norm} == float('inf'))"
        yield from remove_all(file, [found.unless])
    lines = [ast.unparse(found.division) if _runs_on(found.division) else file.text(found.division)]
    yield replace_statement(file, found.division, [*lines, f"{factor} = {factor}.masked_fill({kept}, 1.0)"])


def _factors(found: Clipping, file: File) -> Iterator[Edit]:
    if file.target.release.torch_version < _ONE_FACTOR:
        for product in found.products:
            if product.tensors is not None:
                yield replace(file, product.factor, f"[{found.factor}] * len({product.tensors.id})")


def _runs_on(statement: ast.stmt) -> bool:
    return statement.end_lineno != statement.lineno
