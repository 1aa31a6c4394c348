"""Edits of whole lines: blocks of code before, after or in place of a statement, and compound headers."""

from __future__ import annotations

import ast
import io
import textwrap
import tokenize

from migrator.core.edit_headers import header_colon
from migrator.core.edit_statements import is_elif, shares_line, start_of
from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError

_TEXT_TOKENS = frozenset({tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)})


def block_lines(text: str, indent: bytes, newline: bytes) -> bytes:
    """Lines of `text` at another indentation; blank lines stay empty, and lines inside strings as they are."""
    lines = textwrap.dedent(text.replace("\r\n", "\n")).strip("\n").split("\n")
    inside = _string_lines("\n".join(lines))
    indented = ((b"" if number in inside or not line.strip() else indent) for number, line in enumerate(lines, 1))
    return b"".join(start + line.encode() + newline for start, line in zip(indented, lines, strict=True))


def _string_lines(text: str) -> set[int]:
    """The lines that start inside a string."""
    found: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in _TEXT_TOKENS:
                found.update(range(token.start[0] + 1, token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError):
        pass  # a block need not be a whole program; whether the file still parses is checked in the end
    return found


def _block(file: File, statement: ast.stmt, text: str) -> bytes:
    start = start_of(file, statement)
    return block_lines(text, file.source.indent(start), file.source.newline(start))


def _whole_lines(file: File, statement: ast.stmt) -> tuple[int, int]:
    if shares_line(file, statement):
        raise SpotMismatchError(statement, "a statement on lines of its own", file.text(statement))
    start, end = start_of(file, statement), file.source.span(statement)[1]
    return file.source.line_start(start), file.source.line_end(end)


def insert_block_before(file: File, statement: ast.stmt, text: str) -> Edit:
    """Insert lines before a statement that stands on lines of its own."""
    if is_elif(file, statement):
        raise SpotMismatchError(statement, "a statement", "elif")
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


def replace_header(file: File, statement: ast.stmt, text: str) -> Edit:
    """Replace the header of a compound statement, its colon included; its body and comment stay."""
    start = file.source.span(statement)[0]
    indent, newline = file.source.indent(start), file.source.newline(start)
    header = block_lines(text, indent, newline).strip()
    return Edit(start, header_colon(file, statement) + 1, header, anchor=start)
