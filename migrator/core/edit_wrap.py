"""Put statements under a new block: lines before them, and one more indentation for each of theirs."""

from __future__ import annotations

import ast

from migrator.core.edit_blocks import block_lines
from migrator.core.edit_dedent import lines_in_strings
from migrator.core.edit_statements import is_elif, shares_line, start_of
from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError


def wrap(file: File, first: ast.stmt, last: ast.stmt, header: str) -> tuple[list[Edit], tuple[int, int]]:
    """Put `first` to `last`, of one block, under `header`: the edits, and the span that they re-indent.

    Comments between and behind them move with them; lines inside multi-line strings keep their text.
    """
    for statement in (first, last):
        if shares_line(file, statement) or is_elif(file, statement):
            raise SpotMismatchError(statement, "a statement on lines of its own", file.text(statement))
    source = file.source
    start = source.line_start(start_of(file, first))
    end = source.line_end(source.span(last)[1])
    indent, newline = source.indent(start), source.newline(start)
    unit, strings = _unit(file, first, indent), lines_in_strings(file, file.parent(first) or file.module)
    edits = [Edit(start, start, block_lines(header, indent, newline) + unit)]
    at = source.line_end(start)
    while at < end:
        stop = source.line_end(at)
        if source.text[at:stop].strip() and source.line(at) not in strings:
            edits.append(Edit(at, at, unit))
        at = stop
    return edits, (start, end)


def _unit(file: File, statement: ast.stmt, indent: bytes) -> bytes:
    """What a block is indented by here: as far as the block of `statement` is in what holds it, else four spaces."""
    above = file.parent(statement)
    outer = file.source.indent(file.source.span(above)[0]) if isinstance(above, ast.stmt) else indent
    return indent.removeprefix(outer) or b"    "
