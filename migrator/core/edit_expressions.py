"""Edits of expressions: rename a dotted name, replace an expression with the parentheses it needs."""

from __future__ import annotations

import ast

from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.core.scopes import dotted

_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Dict, ast.Set, ast.JoinedStr)


def rename(file: File, node: ast.expr, new: str) -> Edit:
    """Replace a dotted name. Its text must be that name, without white space, comments or parentheses."""
    file.check(node, dotted(node))
    start, end = file.source.span(node)
    return Edit(start, end, new.encode())


def replace(file: File, node: ast.expr, new: str) -> Edit:
    """Replace an expression by another; parentheses are added where precedence would change."""
    start, end = file.source.span(node)
    if _needs_parentheses(file, node, new):
        new = f"({new})"
    return Edit(start, end, new.encode())


def delete(file: File, start: int, end: int) -> Edit:
    """Delete a span of text."""
    return Edit(start, end, b"")


def _needs_parentheses(file: File, node: ast.expr, new: str) -> bool:
    expression = ast.parse(new, mode="eval").body
    if isinstance(expression, _ATOMS) or (isinstance(expression, ast.Constant) and not new.lstrip()[0].isdigit()):
        return False
    if new.startswith("(") and isinstance(expression, (ast.Tuple, ast.GeneratorExp)):
        return False
    parent = file.parent(node)
    if isinstance(parent, ast.Call):
        return node is parent.func
    if isinstance(expression, ast.Constant):
        return isinstance(parent, ast.Attribute)  # 1.real does not parse
    plain = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr, ast.keyword, ast.If, ast.While)
    return not isinstance(parent, plain)
