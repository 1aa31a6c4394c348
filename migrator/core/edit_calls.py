"""Edits of whole calls: keep one argument in place of the call, remove several arguments, name positional ones."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from itertools import groupby

from migrator.core.edit_arguments import Argument, add_argument, argument_slots, arguments
from migrator.core.edit_lists import remove_run
from migrator.core.edits import Edit
from migrator.core.file import File

_ATOMS = (
    *(ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.JoinedStr),
    *(ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp),
)
_PLAIN = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr, ast.keyword)


def operand(file: File, node: ast.expr) -> str:
    """The text of an expression so that it can stand before `.attribute` or between operators."""
    text = file.text(node)
    return text if _is_atom(node, text) else f"({text})"


def _is_atom(node: ast.expr, text: str) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, complex)):
        return False  # 1.real does not parse
    closed = isinstance(node, (ast.Tuple, ast.GeneratorExp)) and text.startswith("(")
    return (closed or isinstance(node, _ATOMS)) and _stands_alone(text)


def _stands_alone(text: str) -> bool:
    """Whether an expression over several lines needs no brackets around it."""
    if "\n" not in text and "\r" not in text:
        return True
    try:
        ast.parse(f"_ = {text}")
    except SyntaxError:
        return False
    return True


def keep_argument(file: File, call: ast.Call, argument: ast.expr) -> list[Edit]:
    """Put an argument in the place of its call, with the parentheses it needs; its own text stays as it is."""
    (start, end), (first, last) = file.source.span(call), file.source.span(argument)
    bare = _is_bare(argument, file.text(argument), call, file.parent(call))
    return [Edit(start, first, b"" if bare else b"("), Edit(last, end, b"" if bare else b")")]


def _is_bare(argument: ast.expr, text: str, call: ast.Call, parent: ast.AST | None) -> bool:
    if _is_atom(argument, text):
        return True
    if isinstance(parent, ast.Call):
        return call is not parent.func and not isinstance(argument, ast.GeneratorExp)
    return isinstance(parent, _PLAIN) and not isinstance(argument, ast.NamedExpr) and _stands_alone(text)


def remove_arguments(file: File, call: ast.Call, unwanted: Collection[Argument]) -> list[Edit]:
    """Remove arguments with the commas and lines that go with them; comments on other lines stay."""
    given = arguments(call)
    opening, slots = argument_slots(file, call)
    edits: list[Edit] = []
    for is_unwanted, run in groupby(range(len(given)), key=lambda i: given[i] in unwanted):
        if is_unwanted:
            places = list(run)
            edits.append(remove_run(file, opening, slots, places[0], places[-1]))
    return edits


def exchange_arguments(file: File, call: ast.Call, unwanted: Collection[Argument], new: str) -> list[Edit]:
    """Remove arguments and append `new`, so that the two fit together wherever the unwanted ones stand."""
    given = arguments(call)
    kept = [argument for argument in given if argument not in unwanted]
    if not new or not given or kept[-1:] == given[-1:]:
        return [*remove_arguments(file, call, unwanted), *([add_argument(file, call, new)] if new else [])]
    first = given.index(kept[-1]) + 1 if kept else 0  # all from here on go: `new` takes their place
    slots = argument_slots(file, call)[1]
    edits = remove_arguments(file, call, [argument for argument in given[:first] if argument in unwanted])
    return [*edits, Edit(slots[first][0], slots[-1][1], new.encode())]


def name_arguments(file: File, call: ast.Call, names: Sequence[str], *, after: int) -> list[Edit]:
    """Write `name=` before the positional arguments from index `after` on; `names` are those of all positions."""
    edits: list[Edit] = []
    _, slots = argument_slots(file, call)
    given = arguments(call)
    for name, value in list(zip(names, call.args, strict=False))[after:]:
        at = slots[given.index(value)][0]
        edits.append(Edit(at, at, f"{name}=".encode()))
    return edits


def add_first_argument(file: File, call: ast.Call, new: str) -> Edit:
    """Insert arguments before all others."""
    opening, slots = argument_slots(file, call)
    if not slots:
        return Edit(opening, opening, new.encode())
    return Edit(slots[0][0], slots[0][0], f"{new}, ".encode())
