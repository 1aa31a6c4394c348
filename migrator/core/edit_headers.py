"""Where the headers of compound statements end."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.file import File, SpotMismatchError

_SUITES = frozenset({"body", "orelse", "handlers", "finalbody", "decorator_list"})


def header_colon(file: File, statement: ast.stmt) -> int:
    """The offset of the colon that ends the header of an `if`, `for`, `while`, `with`, `def` or `class`.

    Behind the last expression of a header stand only brackets, commas, comments and the colon.
    """
    if not isinstance(getattr(statement, "body", None), list) or isinstance(statement, _HEADLESS):
        raise SpotMismatchError(statement, "a compound statement with a header", file.text(statement))
    text = file.source.text
    at = max([file.source.span(statement)[0], *(file.source.span(node)[1] for node in _parts(statement))])
    while text[at : at + 1] != b":":
        at = file.source.line_end(at) if text[at : at + 1] == b"#" else at + 1
    return at


_HEADLESS: tuple[type[ast.AST], ...] = (ast.Try, getattr(ast, "TryStar", ast.Try))


def _parts(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a header that have a position."""
    for name, value in ast.iter_fields(statement):
        for item in value if isinstance(value, list) else [value]:
            if name not in _SUITES and isinstance(item, ast.AST):
                yield from (node for node in ast.walk(item) if hasattr(node, "end_col_offset"))
