"""What a Python file needs and may not have: names that nothing defines, modules that nothing brings."""

from __future__ import annotations

import ast
import builtins
import symtable
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

GIVEN = frozenset({*dir(builtins), "__file__", "__path__"})


def undefined_names(code: str) -> set[str]:
    """Names that some scope takes from the module's, where nothing ever puts them."""
    top = symtable.symtable(code, "file.py", "exec")
    tables = list(_tables(top))
    defined = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    defined |= {s.get_name() for t in tables for s in t.get_symbols() if s.is_declared_global() and s.is_assigned()}
    used = {s.get_name() for t in tables for s in t.get_symbols() if s.is_referenced() and (t is top or s.is_global())}
    return used - defined - GIVEN


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def imported(code: str) -> set[tuple[str, str]]:
    """Every import of a file: (module, name), with "" for the module itself."""
    found: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.module or "", alias.name) for alias in node.names}
    return found


def beside(path: str, module: str, tree: Mapping[str, str]) -> str | None:
    """The file of the tree that `module` is for the script at `path`: beside it, or at the root."""
    for folder in (PurePosixPath(path).parent, PurePosixPath()):
        stem = folder.joinpath(*module.split("."))
        for name in (f"{stem}.py", f"{stem}/__init__.py"):
            if name in tree:
                return name
    return None


def unresolved(path: str, tree: Mapping[str, str]) -> set[str]:
    """The imports of a file that neither the standard library nor the tree answers, as `module` or `module.name`."""
    found: set[str] = set()
    for module, name in imported(tree[path]):
        place = beside(path, module, tree)
        if place is not None:
            if name and name != "*" and not _offers(tree[place], name):
                found.add(f"{module}.{name}")
        elif module.split(".")[0] not in sys.stdlib_module_names:
            found.add(f"{module}.{name}" if name else module)
    return found


def _offers(code: str, name: str) -> bool:
    top = symtable.symtable(code, "file.py", "exec")
    return any(s.get_name() == name and (s.is_assigned() or s.is_imported()) for s in top.get_symbols())
