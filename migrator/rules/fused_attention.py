"""Advice: attention written as products and a softmax can be one kernel. Changes nothing.

    scores = query @ key.transpose(-1, -2) / scale + mask
    probs = dropout(torch.softmax(scores, dim=-1))         FusedSDPA.apply(query, key, value, mask, p, False, 1 / scale)
    context = probs @ value

Gaudi's kernel keeps no matrix of scores where it computes it anew in the backward pass. Its results are rounded in
another order, its dropout draws other numbers, and which masks and shapes it takes is the release's: so it is said once
a function, also of torch's scaled_dot_product_attention, and from release 1.11 on, the first to have it.
Source: https://docs.habana.ai/en/latest/PyTorch/Python_Packages.html#hpex-kernels-fusedsdpa;
HabanaAI/gaudi-pytorch-bridge 1.19.0, hpex/kernels/FusedSDPA.py (arguments); Model-References 1.11.0 (first use)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target

_SINCE = (1, 11)
_SDPA = frozenset({"torch.nn.functional.scaled_dot_product_attention"})
_SOFTMAX = frozenset({"torch.softmax", "torch.nn.functional.softmax"})
_SOFTMAX_MODULE = frozenset({"torch.nn.Softmax"})
_PRODUCTS = frozenset({"torch.matmul", "torch.bmm", "torch.baddbmm", "torch.einsum"})
_MESSAGE = "Gaudi has attention as one kernel, FusedSDPA"
_ADVICE = (
    "Try habana_frameworks.torch.hpex.kernels.FusedSDPA.apply(query, key, value, mask, dropout_p, is_causal, scale), "
    "with dropout_p of 0 outside training, and compare losses: rounding and the numbers that dropout draws are others."
)


class FusedAttention(Rule):
    """Advice about attention, once a function."""

    name = "fused-attention"
    kind = Kind.MODIFIED
    reason = "One kernel computes attention."
    source = "https://docs.habana.ai/en/latest/PyTorch/Python_Packages.html#hpex-kernels-fusedsdpa"
    needles = (b"oftmax", b"scaled_dot_product_attention")
    nodes = (ast.FunctionDef,)

    def applies(self, target: Target) -> bool:
        """Whether the release has the kernel."""
        return target.release.version >= _SINCE

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A function: the first attention in it."""
        if isinstance(node, ast.FunctionDef) and (spot := _attention(node, file)) is not None:
            yield self.finding(file, spot, _MESSAGE, _ADVICE)


def _attention(function: ast.FunctionDef, file: File) -> ast.expr | None:
    """The call of torch's attention, or the softmax of a product that another product uses."""
    scores: set[str] = set()
    probabilities: dict[str, ast.expr] = {}
    for statement in _statements(function):
        parts = [node for node in _own(statement) if isinstance(node, ast.expr)]
        if whole := next((p for p in parts if isinstance(p, ast.Call) and file.called(p) & _SDPA), None):
            return whole
        softmax = next((p for p in parts if _is_softmax(p, file) and _has_scores(p, scores, file)), None)
        found = softmax or next((probabilities[n] for p in parts if (n := _loaded(p)) in probabilities), None)
        if found is not None and any(_is_product(p, file) and _holds(p, found, probabilities) for p in parts):
            return found
        has_scores = any(_has_scores(p, scores, file) for p in parts)
        for name in _bound(statement):
            if not isinstance(statement, ast.AugAssign):
                probabilities.pop(name, None)
                scores.discard(name)
            if found is not None:
                probabilities[name] = found
            elif has_scores:
                scores.add(name)
    return None


def _statements(function: ast.FunctionDef) -> Iterator[ast.stmt]:
    """The statements of a function in the order of its text, without those of functions in it."""
    waiting: list[ast.stmt] = list(reversed(function.body))
    while waiting:
        statement = waiting.pop()
        yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            waiting += reversed([child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt)])


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement, without those of the statements in it."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.expr):
            yield from ast.walk(child)


def _bound(statement: ast.stmt) -> Iterator[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, (ast.AugAssign, ast.AnnAssign)) else targets
    yield from (target.id for target in targets if isinstance(target, ast.Name))


def _is_softmax(node: ast.expr, file: File) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if file.called(node) & _SOFTMAX or any(file.called(made) & _SOFTMAX_MODULE for made in file.makers(node.func)):
        return True
    return isinstance(node.func, ast.Attribute) and node.func.attr == "softmax" and not file.called(node)


def _is_product(node: ast.expr, file: File) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult)
    is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not file.called(node)
    if is_method and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("matmul", "bmm")
    return isinstance(node, ast.Call) and bool(file.called(node) & _PRODUCTS)


def _has_scores(node: ast.expr, scores: set[str], file: File) -> bool:
    """Whether an expression has a product in it, or a name that holds one."""
    inner = [n for n in ast.walk(node) if isinstance(n, ast.expr)]
    return any(_is_product(n, file) or _loaded(n) in scores for n in inner)


def _loaded(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else ""


def _holds(product: ast.expr, softmax: ast.expr, probabilities: dict[str, ast.expr]) -> bool:
    """Whether a product is of the softmax, and not below it."""
    inner = [n for n in ast.walk(product) if n is not product]
    return any(n is softmax or _loaded(n) in probabilities for n in inner)
