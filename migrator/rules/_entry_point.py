"""The script that is run: what has to happen in it before anything imports torch."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence

from migrator.core.edit_statements import insert_before
from migrator.core.edits import Edit
from migrator.core.file import File

_SET_DEFAULT = "os.environ.setdefault"


def place_before_torch(file: File) -> ast.stmt | None:
    """The statement of a script that imports torch before which torch is not there yet; None for any other file."""
    if not _is_script(file.module) or not _imports_torch(file):
        return None
    return _first_foreign_import(file.module) or _first_action(file.module)


def names_text(file: File, text: str) -> bool:
    """Whether a string of the file is `text`, as where it sets a variable of that name already."""
    return any(isinstance(node, ast.Constant) and node.value == text for node in file.index.nodes)


def set_defaults(file: File, place: ast.stmt, variables: Sequence[tuple[str, str]]) -> list[Edit]:
    """The edits that set environment variables before `place`, unless the user's environment has them."""
    edits = [insert_before(file, place, f'{_SET_DEFAULT}("{name}", "{value}")') for name, value in variables]
    if not _os_imported_before(file.module, place):
        start = edits[0].start
        edits.insert(0, Edit(start, start, b"import os" + file.source.newline(start)))
    return edits


def _is_script(module: ast.Module) -> bool:
    return any(
        isinstance(node, ast.If)
        and any(isinstance(n, ast.Constant) and n.value == "__main__" for n in ast.walk(node.test))
        for node in module.body
    )


def _imports_torch(file: File) -> bool:
    return any(isinstance(node, (ast.Import, ast.ImportFrom)) and "torch" in _roots(node) for node in file.index.nodes)


def _roots(node: ast.Import | ast.ImportFrom) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    return {"."} if node.level else {(node.module or "").split(".")[0]}


def _first_foreign_import(module: ast.Module) -> ast.stmt | None:
    """The first top-level statement that imports anything but the standard library, also inside a try or an if."""
    for node in module.body:
        inner = [n for n in ast.walk(node) if isinstance(n, (ast.Import, ast.ImportFrom))]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if any(_roots(n) - sys.stdlib_module_names for n in inner):
            return node
    return None


def _first_action(module: ast.Module) -> ast.stmt:
    """The first top-level statement that does more than import and set variables: there is one, the `__main__` test."""
    return next(
        node for node in module.body if not isinstance(node, (ast.Import, ast.ImportFrom)) and not _is_idle(node)
    )


def _is_idle(node: ast.stmt) -> bool:
    """Whether the statement is a text, or a variable's default: ours stay in front of the imports that read them."""
    if not isinstance(node, ast.Expr):
        return False
    is_default = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == _SET_DEFAULT
    return is_default or isinstance(node.value, ast.Constant)


def _os_imported_before(module: ast.Module, place: ast.stmt) -> bool:
    before = module.body[: module.body.index(place)]
    return any(isinstance(n, ast.Import) and any(a.name == "os" and not a.asname for a in n.names) for n in before)
