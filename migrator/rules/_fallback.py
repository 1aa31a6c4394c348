"""`try: import a GPU-only package / except ImportError: do without`, and how to take the second way for good.

The package cannot be imported on Gaudi, so what the handler does is what such a program does there anyway.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.core.edit_dedent import dedent
from migrator.core.edit_statements import start_of, starts_line
from migrator.core.edits import Edit
from migrator.core.file import File

Import = ast.Import | ast.ImportFrom
_CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_LOG_METHODS = frozenset({"debug", "info", "warn", "warning", "error"})


@dataclass(frozen=True)
class Attempt:
    """A try statement that does nothing but import, set flags and say so, with one handler for failed imports."""

    node: ast.Try
    imports: tuple[Import, ...]
    kept: tuple[ast.stmt, ...]  # the handler's statements without messages and `pass`
    raises: bool  # the handler gives up

    @property
    def imported(self) -> frozenset[str]:
        """The names that the imports bind; "*" for a star import."""
        return frozenset(name for statement in self.imports for name in bound_names(statement))

    @property
    def set_by_try(self) -> frozenset[str]:
        """The names that the try's own statements bind, imports left out."""
        own = (s for s in (*self.node.body, *self.node.orelse) if not isinstance(s, Import))
        return frozenset(name for statement in own for name in bound_names(statement))

    @property
    def set_by_handler(self) -> frozenset[str]:
        """The names that the handler binds."""
        return frozenset(name for statement in self.kept for name in bound_names(statement))

    @property
    def is_replacement(self) -> bool:
        """Whether the handler gives every name of the try something else to use."""
        has_all = self.imported | self.set_by_try <= self.set_by_handler
        return has_all and not self.raises and not any(_is_none(statement) for statement in self.kept)


def attempt(node: ast.AST) -> Attempt | None:
    """The try statement as an attempt to import, or None when it is anything else."""
    if not isinstance(node, ast.Try) or node.finalbody or len(node.handlers) != 1:
        return None
    handler, own = node.handlers[0], (*node.body, *node.orelse)
    imports = tuple(s for s in own if isinstance(s, Import))
    plain = all(isinstance(s, (*_imports(), ast.Pass)) or _is_flag(s) or _is_message(s) for s in own)
    if not imports or not plain or not _catches_import_error(handler):
        return None
    kept = tuple(s for s in handler.body if not isinstance(s, (ast.Pass, ast.Raise)) and not _is_message(s))
    if handler.name and any(isinstance(n, ast.Name) and n.id == handler.name for s in kept for n in ast.walk(s)):
        return None
    return Attempt(node, imports, kept, any(isinstance(s, ast.Raise) for s in handler.body))


def _imports() -> tuple[type[ast.stmt], ...]:
    return (ast.Import, ast.ImportFrom)


def is_guarded(statement: ast.stmt, file: File) -> bool:
    """Whether a failing import in `statement` is caught."""
    above = file.parent(statement)
    in_body = isinstance(above, ast.Try) and statement in above.body
    return isinstance(above, ast.Try) and in_body and any(_catches_import_error(h) for h in above.handlers)


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(one is None or (isinstance(one, ast.Name) and one.id in _CAUGHT) for one in caught)


def _is_flag(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and isinstance(statement.value, (ast.Constant, ast.Name))


def _is_none(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Assign) else None
    return isinstance(value, ast.Constant) and value.value is None


def _is_message(statement: ast.stmt) -> bool:
    """A docstring-like text, print, a warning or a log line."""
    if not isinstance(statement, ast.Expr):
        return False
    func = statement.value.func if isinstance(statement.value, ast.Call) else None
    logged = isinstance(func, ast.Attribute) and func.attr in _LOG_METHODS
    return logged or (isinstance(func, ast.Name) and func.id == "print") or isinstance(statement.value, ast.Constant)


def bound_names(statement: ast.stmt) -> Iterator[str]:
    """The names that an import, an assignment or a definition binds."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            yield alias.asname or (alias.name if isinstance(statement, ast.ImportFrom) else alias.name.split(".")[0])
    elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def take_fallback(file: File, found: Attempt) -> tuple[list[Edit], tuple[int, int]]:
    """Put the handler's kept statements in the place of the try statement: the edits and the span they re-indent."""
    (start, end), handler = file.source.span(found.node), found.node.handlers[0]
    first, last = start_of(file, found.kept[0]), file.source.span(handler)[1]
    if not starts_line(file, found.kept[0]):
        return [Edit(start, first, b""), Edit(last, end, b"")], (start, end)
    indent, body = file.source.indent(start), file.source.line_start(first)
    surplus = file.source.indent(first)[len(indent) :]
    dropped = [s for s in handler.body if s not in found.kept and start_of(file, s) > first]
    gone = [_lines(file, start_of(file, s), file.source.span(s)[1]) for s in dropped]
    if found.node.orelse:
        gone.append(Edit(file.source.line_end(last), file.source.line_end(end), b""))
    moved = dedent(file, handler, body, indent, surplus)
    kept = [edit for edit in moved if not any(lines.start <= edit.start < lines.end for lines in gone)]
    head = Edit(file.source.line_start(start), body, b"")
    return sorted([head, *kept, *gone], key=lambda edit: edit.start), (start, max(end, *(e.end for e in moved)))


def _lines(file: File, start: int, end: int) -> Edit:
    return Edit(file.source.line_start(start), file.source.line_end(end), b"")
