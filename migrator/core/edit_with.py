"""Edits of with-blocks: take the body out, or one item of the header."""

from __future__ import annotations

import ast

from migrator.core.edit_dedent import dedent
from migrator.core.edit_statements import comments, start_of
from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError

With = ast.With | ast.AsyncWith


def unwrap(file: File, block: With) -> tuple[list[Edit], tuple[int, int]]:
    """Take the body of a with-block of one item out of it: the edits, and the span that they re-indent.

    Comments of the header stay, on lines of their own. Lines inside multi-line strings keep their text.
    """
    if len(block.items) != 1:
        raise ValueError("only a with-block of one item can be unwrapped; remove the item instead")
    start, end = file.source.span(block)
    first = start_of(file, block.body[0])
    if file.source.line(first) == file.source.line(_colon(file, block)):
        return [Edit(start, first, b"")], (start, end)
    header_end = file.source.line_end(_colon(file, block))
    indent = file.source.indent(start)
    newline = file.source.newline(start)
    kept = b"".join(indent + c + newline for c in comments(file.source.text[start:header_end]))
    edits = [Edit(file.source.line_start(start), header_end, kept)]
    surplus = file.source.indent(first)[len(indent) :]
    edits += dedent(file, block, header_end, indent, surplus)
    return edits, (start, max(end, edits[-1].end))


def remove_item(file: File, block: With, item: ast.withitem) -> Edit:
    """Remove one of several items of a with-block's header, with its comma."""
    at = block.items.index(item)
    spans = [
        (file.source.span(i.context_expr)[0], file.source.span(i.optional_vars or i.context_expr)[1])
        for i in block.items
    ]
    gap = spans[at : at + 2] if at + 1 < len(spans) else spans[at - 1 : at + 1]
    between = file.source.text[gap[0][1] : gap[1][0]]
    if between.strip() != b",":
        raise SpotMismatchError(item.context_expr, ",", between.decode("utf-8"))
    if at + 1 < len(spans):
        return Edit(spans[at][0], spans[at + 1][0], b"")
    return Edit(spans[at - 1][1], spans[at][1], b"")


def _colon(file: File, block: With) -> int:
    """The offset of the colon that ends the header."""
    item = block.items[-1]
    at = file.source.span(item.optional_vars or item.context_expr)[1]
    text = file.source.text
    while text[at : at + 1] != b":":
        at = file.source.line_end(at) if text[at : at + 1] == b"#" else at + 1
    return at
