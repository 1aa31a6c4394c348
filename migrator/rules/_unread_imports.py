"""Imports that a rule's own rewrites left without a use."""

from __future__ import annotations

import ast
from collections.abc import Collection

from migrator.core.edit_imports import remove_names
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._fallback import is_guarded
from migrator.rules._reads import is_read, scope_around


def without_unread(file: File, targets: Collection[str]) -> list[Edit]:
    """Remove what imports one of the dotted names and is not read; what other files may be after stays."""
    removed: list[ast.stmt] = []
    edits: list[Edit] = []
    for statement in file.index.nodes:
        if not isinstance(statement, (ast.Import, ast.ImportFrom)) or _is_for_others(statement, file):
            continue
        unread = [a for a in statement.names if _target(statement, a) in targets and not _is_read(statement, a, file)]
        if len(unread) == len(statement.names):
            removed.append(statement)
        elif unread:
            edits += remove_names(file, statement, unread)
    return [*remove_all(file, removed), *edits]


def _target(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    if isinstance(statement, ast.Import):
        return alias.name
    base = "." * statement.level + (statement.module or "")
    return f"{base}{alias.name}" if not base or base.endswith(".") else f"{base}.{alias.name}"


def _is_read(statement: ast.Import | ast.ImportFrom, alias: ast.alias, file: File) -> bool:
    bound = alias.asname or alias.name.partition(".")[0]
    return is_read(bound, scope_around(statement, file), file)


def _is_for_others(statement: ast.Import | ast.ImportFrom, file: File) -> bool:
    start, end = file.source.span(statement)
    lines = file.source.text[file.source.line_start(start) : file.source.line_end(end)]
    return file.path.rpartition("/")[2] == "__init__.py" or b"noqa" in lines or is_guarded(statement, file)
