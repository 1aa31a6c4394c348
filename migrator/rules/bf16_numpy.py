"""NumPy has no bfloat16: what a model computed in it becomes float32 first.

    with torch.autocast("hpu", dtype=torch.bfloat16):
        logits = model(batch)
    logits.detach().cpu().numpy()  ->  logits.detach().cpu().float().numpy()

float16, which the upstream computed in, has a counterpart in NumPy; bfloat16 raises a TypeError. `.float()` would turn
integers into floats, so only the results of a model that runs under autocast, or was cast to bfloat16, are changed;
a value of which nothing is known, in a file that uses autocast, is listed.
Source: https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.numpy.html and, for what numpy() takes,
torch 2.13 torch/csrc/utils/tensor_numpy.cpp
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Edit, Fix
from migrator.core.file import Context, File, SpotMismatchError
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._bf16_regions import AUTOCAST
from migrator.rules._bf16_values import Verdict, verdict

_ADVICE = "If it is of floating type write .float().numpy(); if it holds integers there is nothing to do."


class Bf16Numpy(Rule):
    """.float() before .numpy()."""

    name = "bf16-numpy"
    kind = Kind.MODIFIED
    reason = "The model computes in bfloat16, for which NumPy has no type; float32 holds every value of it exactly."
    source = "https://docs.pytorch.org/docs/2.13/generated/torch.Tensor.numpy.html"
    needles = (b"autocast", b"bfloat16")
    nodes = (ast.Call,)

    def concerns(self, data: bytes, context: Context) -> bool:
        """Whether the file both computes in half precision and makes arrays."""
        return b"numpy" in data and super().concerns(data, context)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A call of .numpy()."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "numpy":
            return
        if file.called(node):
            return  # a function of a module
        found = verdict(node.func.value, file)
        if found is Verdict.BFLOAT16:
            yield self.fix([_converted(node.func, file)])
        elif found is Verdict.UNKNOWN and _computes_in_half(file):
            yield self.finding(file, node, "raises TypeError where the tensor is bfloat16", _ADVICE)


def _converted(func: ast.Attribute, file: File) -> Edit:
    end = file.source.span(func)[1]
    at = end - len(".numpy")
    if file.source.text[at:end] != b".numpy":
        raise SpotMismatchError(func, ".numpy", file.source.text[at:end].decode("utf-8", "replace"))
    return Edit(at, at, b".float()")


def _computes_in_half(file: File) -> bool:
    return any(file.called(call) & AUTOCAST for call in file.index.calls)
