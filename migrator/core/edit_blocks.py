"""Edits of whole lines: blocks of code before, after or in place of a statement, and compound headers."""

from __future__ import annotations

import ast
import io
import textwrap
import tokenize

from migrator.core.edit_statements import shares_line, start_of
from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError
from migrator.core.linemap import line_starts


def _block(file: File, statement: ast.stmt, text: str) -> bytes:
    """Lines of `text` at the statement's indentation and with its line ending; blank lines stay empty."""
    start = start_of(file, statement)
    indent, newline = file.source.indent(start), file.source.newline(start)
    lines = textwrap.dedent(text).strip("\n").splitlines()
    return b"".join((indent + line.encode() if line.strip() else b"") + newline for line in lines)


def _whole_lines(file: File, statement: ast.stmt) -> tuple[int, int]:
    if shares_line(file, statement):
        raise SpotMismatchError(statement, "a statement on lines of its own", file.text(statement))
    start, end = start_of(file, statement), file.source.span(statement)[1]
    return file.source.line_start(start), file.source.line_end(end)


def insert_block_before(file: File, statement: ast.stmt, text: str) -> Edit:
    """Insert lines before a statement that stands on lines of its own."""
    at, _ = _whole_lines(file, statement)
    return Edit(at, at, _block(file, statement, text), anchor=start_of(file, statement))


def insert_block_after(file: File, statement: ast.stmt, text: str) -> Edit:
    """Insert lines after a statement that stands on lines of its own."""
    _, at = _whole_lines(file, statement)
    block = _block(file, statement, text)
    if not file.source.text[:at].endswith((b"\n", b"\r")):
        newline = file.source.newline(start_of(file, statement))
        block = newline + block[: -len(newline)]
    return Edit(at, at, block, anchor=start_of(file, statement))


def replace_block(file: File, statement: ast.stmt, text: str) -> Edit:
    """Replace a statement that stands on lines of its own by lines."""
    start, end = _whole_lines(file, statement)
    return Edit(start, end, _block(file, statement, text), anchor=start_of(file, statement))


def header_end(file: File, statement: ast.stmt) -> int:
    """Where the header of a compound statement ends: just behind its colon."""
    body = getattr(statement, "body", None)
    if not isinstance(body, list) or isinstance(statement, ast.Try):
        raise SpotMismatchError(statement, "a compound statement with a header", file.text(statement))
    start, first = file.source.span(statement)[0], start_of(file, body[0])
    header = file.source.text[start:first]
    colons = [t for t in _operators(header) if t[0] == ":"]
    return start + colons[-1][1] + 1


def _operators(text: bytes) -> list[tuple[str, int]]:
    """Operators outside strings, comments and brackets, with their offsets."""
    starts, depth, found = line_starts(text), 0, []
    try:
        for token in tokenize.tokenize(io.BytesIO(text).readline):
            if token.type == tokenize.OP:
                depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.string, 0)
                if depth == 0:
                    column = len(token.line[: token.start[1]].encode())
                    found.append((token.string, starts[token.start[0] - 1] + column))
    except (tokenize.TokenError, IndentationError):
        pass  # a header alone is no whole program; what stands before its end was seen
    return found
