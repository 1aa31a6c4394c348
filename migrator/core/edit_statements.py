"""Edits of statements: insert a one-line statement before or after, replace, remove.

The caller names statements; where they stand on their lines, how they are indented and which line ending is in
use is worked out here.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Sequence

from migrator.core.edits import Edit
from migrator.core.file import File


def start_of(file: File, statement: ast.stmt) -> int:
    """Where a statement starts, its first decorator included."""
    decorators = getattr(statement, "decorator_list", [])
    if decorators:
        at = file.source.span(decorators[0])[0]
        return file.source.text.rindex(b"@", 0, at)
    return file.source.span(statement)[0]


def starts_line(file: File, statement: ast.stmt) -> bool:
    """Whether only white space stands before the statement on its line."""
    start = start_of(file, statement)
    return not file.source.text[file.source.line_start(start) : start].strip(b" \t\f")


def ends_line(file: File, statement: ast.stmt) -> bool:
    """Whether only a comment stands after the statement on its last line."""
    end = file.source.span(statement)[1]
    rest = file.source.text[end : file.source.line_end(end)].strip()
    return not rest or rest.startswith(b"#")


def shares_line(file: File, statement: ast.stmt) -> bool:
    """Whether the statement is one of several on a line, or the one-line suite of a compound statement."""
    return not (starts_line(file, statement) and ends_line(file, statement))


def insert_after(file: File, statement: ast.stmt, code: str) -> Edit:
    """Insert the one-line statement `code` after `statement`, in the same block."""
    start, end = start_of(file, statement), file.source.span(statement)[1]
    if not ends_line(file, statement) or (shares_line(file, statement) and not _heads_line(file, statement)):
        return Edit(end, end, f"; {code}".encode(), anchor=start)
    newline = file.source.newline(start)
    line = file.source.indent(start) + code.encode() + newline
    at = file.source.line_end(end)
    if not file.source.text[:at].endswith((b"\n", b"\r")):
        line = newline + line[: -len(newline)]
    return Edit(at, at, line, anchor=start)


def _heads_line(file: File, statement: ast.stmt) -> bool:
    """Whether the statements of its own block alone share the line (`a; b`), with nothing before them."""
    start = start_of(file, statement)
    first = next(s for s in file.suite(statement) if s.end_lineno == statement.end_lineno or s is statement)
    return starts_line(file, first) and file.source.line(start_of(file, first)) == file.source.line(start)


def insert_before(file: File, statement: ast.stmt, code: str) -> Edit:
    """Insert the one-line statement `code` before `statement`, in the same block."""
    start = start_of(file, statement)
    if not starts_line(file, statement):
        return Edit(start, start, f"{code}; ".encode(), anchor=start)
    at = file.source.line_start(start)
    return Edit(at, at, file.source.indent(start) + code.encode() + file.source.newline(start), anchor=start)


def replace_statement(file: File, statement: ast.stmt, code: Sequence[str]) -> Edit:
    """Replace a statement by one-line statements; comments inside it go before them, one after it stays."""
    start, end = start_of(file, statement), file.source.span(statement)[1]
    if shares_line(file, statement):
        return Edit(start, end, "; ".join(code).encode(), anchor=start)
    gap = file.source.newline(start) + file.source.indent(start)
    lines = [*comments(file.source.text[start:end]), *(line.encode() for line in code)]
    return Edit(start, end, gap.join(lines), anchor=start)


def comments(text: bytes) -> list[bytes]:
    """The comments in a piece of a program, in order."""
    found: list[bytes] = []
    try:
        for token in tokenize.tokenize(io.BytesIO(text).readline):
            if token.type == tokenize.COMMENT:
                found.append(token.string.encode())
    except (tokenize.TokenError, IndentationError):
        pass  # a piece is no whole program; the comments before its end were seen
    return found


def remove(file: File, statement: ast.stmt) -> Edit:
    """Remove a statement; `pass` takes its place where the block would be empty."""
    start, end = start_of(file, statement), file.source.span(statement)[1]
    suite = file.suite(statement)
    if len(suite) == 1 and not isinstance(file.parent(statement), ast.Module):
        return Edit(start, end, b"pass")
    if not shares_line(file, statement):
        return Edit(file.source.line_start(start), file.source.line_end(end), b"")
    at = suite.index(statement)
    if not ends_line(file, statement) and at + 1 < len(suite):
        return Edit(start, start_of(file, suite[at + 1]), b"")
    return Edit(file.source.span(suite[at - 1])[1], end, b"")
