"""Edits of expressions: rename a dotted name, replace an expression with the parentheses it needs."""

from __future__ import annotations

import ast

from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.core.scopes import dotted

_ATOMS = (
    *(ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.JoinedStr),
    *(ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp),
)
_OPEN = (ast.Tuple, ast.Yield, ast.YieldFrom)  # stand without brackets where a statement has them alone
_STATEMENTS = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)
_CLOSED = (*_STATEMENTS, ast.List, ast.Tuple, ast.Set, ast.keyword, ast.If, ast.While)


def rename(file: File, node: ast.expr, new: str) -> Edit:
    """Replace a dotted name. Its text must be that name, without white space, comments or parentheses."""
    file.check(node, dotted(node))
    start, end = file.source.span(node)
    return Edit(start, end, new.encode())


def replace(file: File, node: ast.expr, new: str) -> Edit:
    """Replace an expression by another; parentheses and spaces are added where the meaning would change."""
    start, end = file.source.span(node)
    if _needs_parentheses(file, node, new):
        new = f"({new})"
    code, text = new.encode(), file.source.text
    left = b" " if _join(text[max(0, start - 1) : start], code[:1]) else b""
    right = b" " if _join(code[-1:], text[end : end + 1]) else b""
    return Edit(start, end, left + code + right)


def _join(left: bytes, right: bytes) -> bool:
    """Whether two characters would make one word, as in `"a"if b` when the string becomes a name."""
    return bool(left and right) and all(char.isalnum() or char == b"_" or char >= b"\x80" for char in (left, right))


def _needs_parentheses(file: File, node: ast.expr, new: str) -> bool:
    expression, parent = ast.parse(new, mode="eval").body, file.parent(node)
    if isinstance(expression, _ATOMS) or _is_bracketed(new):
        return False
    if isinstance(expression, ast.Constant):
        return isinstance(parent, ast.Attribute) and new[0].isdigit()  # 1.real does not parse
    if isinstance(expression, _OPEN):
        return not isinstance(parent, _STATEMENTS)
    if isinstance(parent, (ast.Call, ast.Subscript)):
        return node is (parent.func if isinstance(parent, ast.Call) else parent.value)
    return not isinstance(parent, _CLOSED)


def _is_bracketed(new: str) -> bool:
    """Whether the text is one pair of parentheses: then it can be a call's, with a name before it."""
    if not new.startswith("("):
        return False
    try:
        return isinstance(ast.parse(f"f{new}", mode="eval").body, ast.Call)
    except SyntaxError:
        return False
