"""Methods that do nothing but return one expression: what they return, in the place of a call."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._backend import scope_at


@dataclass(frozen=True)
class Called:
    """`self.method(argument)`, and `return returned` in `def method(self, parameter)`."""

    call: ast.Call
    method: ast.FunctionDef
    argument: ast.expr
    parameter: str
    returned: ast.expr


def called_method(value: ast.expr | None, owner: ast.ClassDef) -> Called | None:
    """The method of a class that an expression calls with one argument, if it has nothing in it but a `return`."""
    func = value.func if isinstance(value, ast.Call) else None
    if not isinstance(value, ast.Call) or not isinstance(func, ast.Attribute) or not isinstance(func.value, ast.Name):
        return None
    methods = [s for s in owner.body if isinstance(s, ast.FunctionDef) and s.name == func.attr]
    if len(methods) != 1 or len(value.args) != 1 or value.keywords:
        return None
    own = [a.arg for a in methods[0].args.args]
    body = [s for s in methods[0].body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if len(own) != 2 or own[0] != func.value.id or len(body) != 1 or not isinstance(body[0], ast.Return):
        return None
    returned = body[0].value
    return Called(value, methods[0], value.args[0], own[1], returned) if returned is not None else None


def inlined(statement: ast.stmt, owner: ast.ClassDef, file: File) -> tuple[list[Edit], list[ast.stmt]]:
    """The edits that put what a method returns in the place of its call, and the method where nothing else names it.

    Nothing is put in where the method's names would stand for something else.
    """
    called = called_method(statement.value if isinstance(statement, (ast.Assign, ast.Return)) else None, owner)
    if called is None or ast.unparse(called.argument) != called.parameter:
        return [], []
    own = {a.arg for a in called.method.args.args}
    names = {node.id for node in ast.walk(called.returned) if isinstance(node, ast.Name)} - own
    if not all(_is_of_module(name, statement, file) for name in names):
        return [], []
    unneeded: list[ast.stmt] = [called.method] if mentions(called.method.name, file) == 2 else []
    return [replace(file, called.call, _line(called.returned, file))], unneeded


def mentions(word: str, file: File) -> int:
    """How often a word stands in this file and in the other Python files of the tree."""
    texts = [file.source.text, *(text for path, text in file.context.sources.items() if path != file.path)]
    return sum(len(re.findall(rb"\b" + word.encode() + rb"\b", text)) for text in texts)


def _is_of_module(name: str, at: ast.AST, file: File) -> bool:
    home = scope_at(file, at).find(name)
    return home is not None and home.parent is None


def _line(node: ast.expr, file: File) -> str:
    text = file.text(node)
    return text if len(text.splitlines()) == 1 else ast.unparse(node)
