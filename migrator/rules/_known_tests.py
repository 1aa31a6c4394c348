"""Whether a test is always true or always false, given what some of its parts are."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from migrator.core.edit_branches import only_asks
from migrator.core.file import File

Constant = bool | int | float | str | None


@dataclass(frozen=True)
class Known:
    """A value that is known."""

    value: Constant


Lookup = Callable[[ast.expr], Known | None]  # what rules know of a part
_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def known(test: ast.expr, lookup: Lookup, file: File) -> Known | None:
    """What a test comes to; None where a part of it is unknown, or where `lookup` said nothing about any."""
    asked: list[Known] = []

    def ask(node: ast.expr) -> Known | None:
        if (found := lookup(node)) is not None:
            asked.append(found)
        return found

    found = _value(test, ask, file)
    return found if asked else None


def _value(node: ast.expr, lookup: Lookup, file: File) -> Known | None:
    if (found := lookup(node)) is not None:
        return found
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, (bool, int, float, str))):
        return Known(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _value(node.operand, lookup, file)
        return Known(not inner.value) if inner else None
    if isinstance(node, ast.BoolOp):
        return _joined(node, lookup, file)
    return _compared(node, lookup, file) if isinstance(node, ast.Compare) else None


def _joined(node: ast.BoolOp, lookup: Lookup, file: File) -> Known | None:
    """`and` and `or`, as a test: one part decides where those before it need not be worked out."""
    decides = isinstance(node.op, ast.Or)
    values = [_value(part, lookup, file) for part in node.values]
    for part, value in zip(node.values, values, strict=True):
        if value is not None and bool(value.value) is decides:
            return Known(decides)
        if value is None and not only_asks(part, file):
            return None
    return Known(not decides) if all(values) else None


def _compared(node: ast.Compare, lookup: Lookup, file: File) -> Known | None:
    sides = [_value(side, lookup, file) for side in (node.left, *node.comparators)]
    numbers = [side.value for side in sides if side and isinstance(side.value, (bool, int, float))]
    compare = _COMPARE.get(type(node.ops[0]))
    if len(node.ops) != 1 or compare is None or len(numbers) != 2:
        return None
    return Known(compare(numbers[0], numbers[1]))
