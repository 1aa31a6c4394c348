"""Advice: an RMS norm or a rotation of positions written as a formula can be one kernel. Changes nothing.

    x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)      FusedRMSNorm.apply(x, weight, eps)
    torch.cat((-x2, x1), dim=-1)                                RotaryPosEmbeddingHelperV2.apply(x, cos, sin, places)

Both kernels compute their backward pass as well, and round in another order; which types and shapes they take is the
release's. Told of once a function. The rotations are there from release 1.11 on; since when the norm is, no document
says, so it is told of from the same release on. A layer norm, whose formula takes the mean away first, is none.
Source: https://docs.habana.ai/en/latest/PyTorch/Python_Packages.html; HabanaAI/gaudi-pytorch-bridge 1.19.0
hpex/normalization/FusedRMSNorm.py and hpex/kernels/RotaryPosEmbeddingHelper.py; Model-References 1.11.0 (first use)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.bindings import Assigned
from migrator.core.edit_arguments import keyword
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target

_SINCE = (1, 11)
_ROOTS = frozenset({"torch.rsqrt", "torch.sqrt"})
_JOINS = frozenset({"torch.cat", "torch.concat", "torch.stack"})
_DEEPEST = 4  # names that stand for formulas
_NORM = "Gaudi has the RMS norm as one kernel"
_ROTATION = "Gaudi has rotary position embedding as one kernel"
_USE_NORM = (
    "Try habana_frameworks.torch.hpex.normalization.FusedRMSNorm.apply(x, weight, eps), with x and weight of one type"
    " (else its result is float32), and compare losses."
)
_USE_ROTATION = (
    "Try habana_frameworks.torch.hpex.kernels.RotaryPosEmbeddingHelperV2.apply(x, cos, sin, position_ids), or V1 and V3"
    " for other layouts of cos and sin, and compare losses; apply_rotary_pos_emb has no gradient."
)


class FusedNorms(Rule):
    """Advice about RMS norms and rotary position embedding."""

    name = "fused-norms"
    kind = Kind.MODIFIED
    reason = "One kernel computes the formula."
    source = "https://docs.habana.ai/en/latest/PyTorch/Python_Packages.html"
    needles = (b"sqrt", b"** -0.5", b"**-0.5", b"cat(", b"stack(")
    nodes = (ast.FunctionDef,)

    def applies(self, target: Target) -> bool:
        """Whether the release has the kernels."""
        return target.release.version >= _SINCE

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A function: the first norm and the first rotation in it."""
        parts = [part for part in ast.walk(node) if isinstance(part, ast.expr) and _function(part, file) is node]
        parts.sort(key=lambda part: (part.lineno, part.col_offset))
        for norm in [part for part in parts if _is_norm(part, file)][:1]:
            yield self.finding(file, norm, _NORM, _USE_NORM)
        for rotation in [part for part in parts if _is_rotation(part, file)][:1]:
            yield self.finding(file, rotation, _ROTATION, _USE_ROTATION)


def _function(node: ast.AST, file: File) -> ast.AST | None:
    return next((above for above in file.ancestors(node) if isinstance(above, ast.FunctionDef)), None)


def _is_norm(node: ast.expr, file: File) -> bool:
    """Whether an expression is the root, or its inverse, of a mean of squares and an eps."""
    inner = _under_root(node, file)
    is_sum = isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add)
    sides = [inner.left, inner.right] if is_sum and isinstance(inner, ast.BinOp) else []
    return any(_is_mean_square(side, file, _DEEPEST) for side in sides)


def _under_root(node: ast.expr, file: File) -> ast.expr | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return node.left if _number(node.right) in (0.5, -0.5) else None
    if not isinstance(node, ast.Call):
        return None
    if file.called(node) & _ROOTS:
        return node.args[0] if node.args else None
    is_method = isinstance(node.func, ast.Attribute) and not file.called(node) and not node.args
    root = node.func if is_method and isinstance(node.func, ast.Attribute) else None
    return root.value if root is not None and root.attr in ("rsqrt", "sqrt") else None


def _is_mean_square(node: ast.expr, file: File, depth: int) -> bool:
    """Whether a value is a mean of squares of something that no mean was taken from."""
    if isinstance(node, ast.Name) and depth:
        return any(_is_mean_square(value, file, depth - 1) for value in _assigned(node, file))
    if not isinstance(node, ast.Call):
        return False
    taken = node.args[0] if "torch.mean" in file.called(node) and node.args else None
    if taken is None and isinstance(node.func, ast.Attribute) and node.func.attr == "mean" and not file.called(node):
        taken = node.func.value
    squared = _squared(taken, file) if taken is not None else None
    return squared is not None and not _is_centred(squared, file)


def _squared(node: ast.expr, file: File) -> ast.expr | None:
    if isinstance(node, ast.BinOp):
        is_square = isinstance(node.op, ast.Pow) and _number(node.right) == 2
        is_product = isinstance(node.op, ast.Mult) and ast.dump(node.left) == ast.dump(node.right)
        return node.left if is_square or is_product else None
    if not isinstance(node, ast.Call):
        return None
    last = next(iter(file.called(node)), "").rpartition(".")[2] or getattr(node.func, "attr", "")
    operands = [*node.args] if file.called(node) else [getattr(node.func, "value", None), *node.args]
    is_square = last == "square" or (last == "pow" and len(operands) == 2 and _number(operands[1]) == 2)
    return operands[0] if is_square and operands else None


def _is_centred(node: ast.expr, file: File) -> bool:
    """Whether something is subtracted in a value, also where a name for it is assigned."""
    values = [node, *(v for n in ast.walk(node) if isinstance(n, ast.Name) for v in _assigned(n, file))]
    parts = (part for value in values for part in ast.walk(value))
    return any(isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) for part in parts)


def _is_rotation(node: ast.expr, file: File) -> bool:
    """Whether an expression joins a negated half and another one along the last dimension."""
    if not isinstance(node, ast.Call) or not file.called(node) & _JOINS or not node.args:
        return False
    halves = node.args[0].elts if isinstance(node.args[0], (ast.Tuple, ast.List)) else []
    given = keyword(node, "dim") or keyword(node, "axis")
    place = given.value if given is not None else next(iter(node.args[1:]), None)
    is_last = _number(place) == -1 or (isinstance(place, ast.BinOp) and _number(place.right) == 1)
    signs = [isinstance(half, ast.UnaryOp) and isinstance(half.op, ast.USub) for half in halves]
    return is_last and signs == [True, False]


def _assigned(name: ast.Name, file: File) -> list[ast.expr]:
    scope = file.index.scope_of.get(name)
    home = scope.find(name.id) if scope is not None else None
    bound = home.bindings[name.id] if home is not None else []
    return [b.value for b in bound if isinstance(b, Assigned)]


def _number(node: ast.AST | None) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) else None
