"""Edits of statements: insert a one-line statement before or after, replace.

The caller names statements; where they stand on their lines, how they are indented and which line ending is in
use is worked out here.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Sequence

from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError


def start_of(file: File, statement: ast.stmt) -> int:
    """Where a statement starts, its first decorator included."""
    decorators = getattr(statement, "decorator_list", [])
    if decorators:
        at = file.source.span(decorators[0])[0]
        return file.source.text.rindex(b"@", 0, at)
    return file.source.span(statement)[0]


def starts_line(file: File, statement: ast.stmt) -> bool:
    """Whether the statement stands first on its line, which does not continue the one before."""
    start = start_of(file, statement)
    line = file.source.line_start(start)
    return not file.source.text[line:start].strip(b" \t\f") and not _continues(file, line)


def _continues(file: File, line: int) -> bool:
    """Whether a backslash joins the line before to the one that starts at `line`; in a comment it does not."""
    before = file.source.text[file.source.line_start(line - 1) : line].rstrip(b"\r\n") if line else b""
    return before.endswith(b"\\") and b"#" not in before


def is_elif(file: File, statement: ast.stmt) -> bool:
    """Whether the statement is the `elif` of another."""
    return isinstance(statement, ast.If) and file.source.text.startswith(b"elif", file.source.span(statement)[0])


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
    if is_elif(file, statement):
        raise SpotMismatchError(statement, "a statement", "elif")
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
        lines = re.sub(r"\r\n?", "\n", text.decode("utf-8"))
        for token in tokenize.generate_tokens(io.StringIO(lines).readline):
            if token.type == tokenize.COMMENT:
                found.append(token.string.encode())
    except (tokenize.TokenError, SyntaxError):
        pass  # a piece is no whole program; the comments before its end were seen
    return found
