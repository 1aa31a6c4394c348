"""The ways in which code spells a CUDA device as text: "cuda", "cuda:0", f"cuda:{rank}", "cuda:{}".format(i), ..."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError

_FORMATTED = re.compile(r"cuda:[\d{}]+")
_TEMPLATE = re.compile(r"cuda:(\{\w*\}|%[dsi])")


def is_device_text(node: ast.AST) -> bool:
    """Whether an expression is a CUDA device spelled as text, with or without an index."""
    return _is_plain(node) or has_index(node)


def _is_plain(node: ast.AST) -> bool:
    return _text(node) == "cuda"


def has_index(node: ast.AST) -> bool:
    """Whether an expression is a CUDA device with an index, spelled as text."""
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        return bool(_FORMATTED.fullmatch(_text(node)))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return bool(_TEMPLATE.fullmatch(_text(node.func.value)))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) == "cuda:"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return bool(_TEMPLATE.fullmatch(_text(node.left)))
    return False


def _text(node: ast.AST) -> str:
    """A string's text, with {} for what an f-string works out; nothing for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join("{}" if isinstance(value, ast.FormattedValue) else _text(value) for value in node.values)
    return ""


def branches(node: ast.expr) -> Iterator[ast.expr]:
    """The values that an expression may have: those of `a if c else b` and `a or b`, else itself."""
    if isinstance(node, ast.IfExp):
        yield from branches(node.body)
        yield from branches(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from branches(value)
    else:
        yield node


def respell(file: File, node: ast.expr, new: str) -> Edit:
    """Replace device text, in the quotes that it has, after a check that its text says what was parsed."""
    text = file.text(node)
    try:
        same = ast.dump(ast.parse(text, mode="eval").body) == ast.dump(node)
    except SyntaxError:
        same = False
    if not same:
        raise SpotMismatchError(node, "a string in one piece", text)
    quote = min((at, mark) for mark in "'\"" if (at := text.find(mark)) >= 0)[1]
    start, end = file.source.span(node)
    return Edit(start, end, f"{quote}{new}{quote}".encode())
