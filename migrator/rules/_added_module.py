"""Modules that the layer puts beside a file (docs/recipes.md, Modules): whether and how a file can import one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.core.added_file import module_path
from migrator.core.edit_imports import ensure_import, has_import
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._backend import scope_at


@dataclass(frozen=True)
class Module:
    """A module beside the file. `obstacle` says why it cannot be used; then `dotted` is empty."""

    name: str
    dotted: str = ""  # as `from` takes it: "lamb", ".lamb"
    obstacle: str = ""

    def name_at(self, file: File, node: ast.AST, member: str) -> tuple[str, list[Edit]] | None:
        """How `node` can say `lamb.FusedLAMB`, with the import it takes; None where the name is taken."""
        if not self.dotted:
            return None
        statement = f"from . import {self.name}" if self.dotted.startswith(".") else f"import {self.name}"
        home = scope_at(file, node).find(self.name)
        is_ours = home is not None and home.parent is None and has_import(file, statement)
        if home is not None and not (is_ours and len(home.bindings[self.name]) == 1):
            return None
        return f"{self.name}.{member}", ensure_import(file, statement)


def beside(file: File, name: str) -> Module | None:
    """The module `name` for this file; None where the layer does not offer it."""
    if name not in file.context.modules:
        return None
    if (place := module_path(file.path, name)) in file.context.paths:
        return Module(name, obstacle=f"{place} is another module")
    if (level := _level(file)) is None:
        return Module(name, obstacle="it cannot be told how this file is imported")
    return Module(name, level + name)


def _level(file: File) -> str | None:
    """ "." where the file imports what is beside it relatively, "" where by name alone, None where that is unclear."""
    if any(node.level for node in file.index.nodes if isinstance(node, ast.ImportFrom)):
        return "."
    folder = file.path.rpartition("/")[0]
    if any(module_path(file.path, name) in file.context.paths for name in _imported(file)):
        return ""
    if module_path(file.path, "__init__") in file.context.paths:
        return None if _is_script(file) else "."
    return "" if _is_script(file) or not folder else None


def _imported(file: File) -> Iterator[str]:
    """The first names of all absolute imports."""
    for node in file.index.nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _is_script(file: File) -> bool:
    tests = (node.test for node in file.module.body if isinstance(node, ast.If))
    return any(isinstance(name, ast.Name) and name.id == "__name__" for test in tests for name in ast.walk(test))
