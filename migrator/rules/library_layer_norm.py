"""Layer normalisation written out by hand -> torch.nn.functional.layer_norm, which is one operator.

    u = x.mean(-1, keepdim=True)
    s = (x - u).pow(2).mean(-1, keepdim=True)          ->  return torch.nn.functional.layer_norm(
    x = (x - u) / torch.sqrt(s + self.eps)                     x, x.shape[-1:], self.weight, self.bias, self.eps)
    return self.weight * x + self.bias

In a method of a torch module; the class keeps its name, its parameters and the keys of its state. What counts is the
formula, however it is written. It must go over the last dimension, with the population's variance and eps below the
root, and the weight must be a vector; where it nearly is that, a finding says what is not. An `if` that chooses between
the library's function and a formula for the same becomes the function, and a switch that only it asked for goes.

For normal inputs and weights of 1024 features in float32, values and gradients of the input differ by at most 5e-6 from
those of the formula, gradients of weight and bias by 3e-6 of the largest. In bfloat16 the library rounds once, at the
end, where the formula rounds each part, and its result has the input's type where the formula's has the weight's.
Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.layer_norm.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._layer_norm_choice import same_branches
from migrator.rules._layer_norms import LayerNormFormula, layer_norm_formula
from migrator.rules._library_functions import exchanged, matches
from migrator.rules._module_attributes import length, module_class

_ADVICE = "Look whether torch.nn.LayerNorm does what is meant; it is one operator, and may need retraining."


class LibraryLayerNorm(Rule):
    """The library's layer normalisation takes the place of the formula."""

    name = "library-layer-norm"
    kind = Kind.MODIFIED
    reason = "One operator in place of several; float32 results differ by a few 1e-6."
    source = "https://docs.pytorch.org/docs/2.13/generated/torch.nn.functional.layer_norm.html"
    needles = (b"mean(", b"layer_norm(")
    nodes = (ast.BinOp, ast.If)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A sum that is layer normalisation, or an `if` whose branches both are."""
        if isinstance(node, ast.If):
            for edits, spans in same_branches(node, file):
                yield self.fix(edits, reindents=spans)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield from self._formula(node, file)

    def _formula(self, node: ast.BinOp, file: File) -> Iterator[Fix | Finding]:
        found = matches(file, node, layer_norm_formula, lambda norm: [norm.x])
        if found is None:
            return
        norm, owner = found.found, module_class(node, file)
        unlike = norm.unlike or ("" if owner else "it is not in a torch module")
        if not unlike and owner and not length(norm.weight[1], owner, file):
            unlike = f"the shape of {norm.weight[1]} is not known"
        if unlike:
            yield self.finding(file, node, f"layer normalisation by hand, which stays: {unlike}", _ADVICE)
        else:
            yield self.fix(exchanged(file, node, "layer_norm", _arguments(norm), found.unneeded))


def _arguments(norm: LayerNormFormula) -> str:
    x, weight, bias = (part[1] for part in (norm.x, norm.weight, norm.bias))
    eps = norm.eps[1] if isinstance(norm.eps, tuple) else repr(norm.eps)
    return f"{x}, {x}.shape[-1:], {weight}, {bias}, {eps}"
