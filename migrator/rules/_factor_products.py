"""Statements that do nothing but multiply tensors in place by one factor."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrator.core.file import File

_MULTIPLY = frozenset({"torch._foreach_mul_"})
_NO_GRAD = frozenset({"torch.no_grad", "torch.inference_mode"})


@dataclass(frozen=True)
class Product:
    """One multiplication: where the factor stands, and the list of tensors, where it is of a list."""

    factor: ast.expr
    tensors: ast.Name | None = None


def products(body: Sequence[ast.stmt], factor: str, file: File) -> tuple[Product, ...]:
    """The products with a factor; none where there is anything else in the statements."""
    found = list(_products(body, factor, file))
    return tuple(each for each in found if each is not None) if None not in found else ()


def names(node: ast.AST | None, name: str) -> bool:
    """Whether an expression says a name."""
    return node is not None and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def _products(body: Sequence[ast.stmt], factor: str, file: File) -> Iterator[Product | None]:
    for statement in body:
        if _only_leads(statement, factor, file) and isinstance(statement, (ast.With, ast.For, ast.If)):
            yield from _products(statement.body, factor, file)
        else:
            yield _product(statement, factor, file)


def _only_leads(statement: ast.stmt, factor: str, file: File) -> bool:
    """Whether a block is `with torch.no_grad():`, a plain loop, or `if x is not None:`."""
    if isinstance(statement, ast.With):
        return all(file.called(item.context_expr) & _NO_GRAD for item in statement.items)
    if isinstance(statement, ast.For):
        return not statement.orelse and not names(statement.iter, factor) and not names(statement.target, factor)
    test = statement.test if isinstance(statement, ast.If) and not statement.orelse else None
    return isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.IsNot)


def _product(statement: ast.stmt, factor: str, file: File) -> Product | None:
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Mult):
        is_gradient = isinstance(statement.target, ast.Attribute) and _is(statement.value, factor)
        return Product(statement.value) if is_gradient else None
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or call.keywords or not call.args or not _is(call.args[-1], factor):
        return None
    if file.called(call) & _MULTIPLY and len(call.args) == 2:
        tensors = call.args[0]
        return Product(call.args[1], tensors) if isinstance(tensors, ast.Name) else None
    is_product = isinstance(call.func, ast.Attribute) and call.func.attr == "mul_" and len(call.args) == 1
    return Product(call.args[0]) if is_product and not names(call.func, factor) else None


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
