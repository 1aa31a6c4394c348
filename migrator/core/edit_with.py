"""Edits of with-blocks: take the body out, or one item of the header."""

from __future__ import annotations

import ast
from itertools import pairwise

from migrator.core.edit_dedent import dedent
from migrator.core.edit_headers import header_colon
from migrator.core.edit_lists import Slot, past_blanks, remove_run
from migrator.core.edit_statements import comments, start_of, starts_line
from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError

With = ast.With | ast.AsyncWith


def unwrap(file: File, block: With) -> tuple[list[Edit], tuple[int, int]]:
    """Take the body of a with-block of one item out of it: the edits, and the span that they re-indent.

    Comments of the header stay, on lines of their own. Lines inside multi-line strings keep their text.
    """
    if len(block.items) != 1:
        raise ValueError("only a with-block of one item can be unwrapped; remove the item instead")
    (start, end), first, colon = file.source.span(block), start_of(file, block.body[0]), header_colon(file, block)
    indent, newline = file.source.indent(start), file.source.newline(start)
    if not starts_line(file, block.body[0]):
        kept = b"".join(c + newline + indent for c in comments(file.source.text[start:first]))
        return [Edit(start, first, kept)], (start, end)
    header_end = file.source.line_end(colon)
    kept = b"".join(indent + c + newline for c in comments(file.source.text[start:header_end]))
    edits = [Edit(file.source.line_start(start), header_end, kept)]
    surplus = file.source.indent(first).removeprefix(indent)
    if surplus == file.source.indent(first) and indent:
        raise SpotMismatchError(block, "a body indented like the block and more", file.text(block))
    edits += dedent(file, block, header_end, indent, surplus)
    return edits, (start, max(end, edits[-1].end))


def remove_item(file: File, block: With, item: ast.withitem) -> Edit:
    """Remove one of several items of a with-block's header, with its comma."""
    slots = [_slot(file, each) for each in block.items]
    for (_, _, comma), (start, _, _) in pairwise(slots):
        if comma is None or past_blanks(file.source.text, comma + 1) != start:
            raise SpotMismatchError(item.context_expr, "items without brackets", file.text(item.context_expr))
    at = block.items.index(item)
    return remove_run(file, slots[0][0], slots, at, at)


def _slot(file: File, item: ast.withitem) -> Slot:
    start, end = file.source.span(item.context_expr)[0], file.source.span(item.optional_vars or item.context_expr)[1]
    after = past_blanks(file.source.text, end)
    return start, end, after if file.source.text[after : after + 1] == b"," else None
