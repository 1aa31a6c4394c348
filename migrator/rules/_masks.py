"""Which expressions are masks: tensors of booleans, by which others are indexed."""

from __future__ import annotations

import ast
import re

from migrator.core.bindings import Assigned
from migrator.core.file import File
from migrator.rules._tensor_names import COMPARING, KEEPING
from migrator.rules._tensor_values import DEEPEST, IDENTITY, all_bound, bindings

_MASK = re.compile(r"(^|_)masks?$", re.IGNORECASE)
_BOOL = frozenset({"torch.bool", "torch.uint8"})
_BITWISE = (ast.BitAnd, ast.BitOr, ast.BitXor)


def is_mask(node: ast.expr, file: File, depth: int = DEEPEST) -> bool:
    """Whether an index is a tensor of booleans: a comparison, or a name that is one or says so."""
    if isinstance(node, ast.Compare):
        return not isinstance(node.ops[0], IDENTITY)
    if isinstance(node, ast.BinOp) and isinstance(node.op, _BITWISE) and depth:
        return any(is_mask(side, file, depth - 1) for side in (node.left, node.right))
    if isinstance(node, ast.Call) and depth:
        return _makes_mask(node, file, depth)
    if isinstance(node, ast.Name) and depth:
        return all_bound(node, file, is_mask, depth) or (bool(_MASK.search(node.id)) and _is_unknown(node, file))
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert)


def _makes_mask(call: ast.Call, file: File, depth: int) -> bool:
    if any(file.names(value) & _BOOL for value in (*call.args, *(k.value for k in call.keywords))):
        return True
    names = file.called(call)
    last = next(iter(names)).rpartition(".")[2] if names else getattr(call.func, "attr", "")
    if last in COMPARING:
        return all(name.startswith("torch.") for name in names)
    keeps = not names and isinstance(call.func, ast.Attribute) and last in KEEPING
    return keeps and isinstance(call.func, ast.Attribute) and is_mask(call.func.value, file, depth - 1)


def _is_unknown(name: ast.Name, file: File) -> bool:
    """Whether nothing says what a name holds: it is a parameter, or what some call or attribute gives."""
    bound = bindings(name, file)
    plain = (ast.Constant, ast.List, ast.Dict, ast.BinOp, ast.ListComp)
    return bool(bound) and not any(isinstance(b, Assigned) and isinstance(b.value, plain) for b in bound)
