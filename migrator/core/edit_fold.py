"""Take one way of an `if` whose test is known: the branch stays, in the place of the whole.

    if overflow == 0:        optimizer.step()
        optimizer.step()  ->
    else:
        skip()

In a chain, an `elif` that is always taken becomes its `else`, and one that never is goes. Comments of the branch that
goes do so with it; one behind the header of the branch that stays is put on a line of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from migrator.core.edit_branches import keyword_of
from migrator.core.edit_dedent import dedent
from migrator.core.edit_headers import header_colon
from migrator.core.edit_lines import past_deeper_comments
from migrator.core.edit_removal import remove_all
from migrator.core.edit_statements import comments, is_elif, start_of, starts_line
from migrator.core.edits import Edit
from migrator.core.file import File


@dataclass(frozen=True)
class Folded:
    """The edits, and the spans that they re-indent."""

    edits: tuple[Edit, ...]
    reindents: tuple[tuple[int, int], ...] = ()


def fold(file: File, block: ast.If, *, taken: bool) -> Folded:
    """Leave the body of `block`, or what its `else` and `elif` say."""
    if taken:
        return _always(file, block)
    if not block.orelse:
        return Folded((_lines(file, block),) if is_elif(file, block) else tuple(remove_all(file, [block])))
    return _never(file, block)


def _always(file: File, block: ast.If) -> Folded:
    source, start = file.source, file.source.span(block)[0]
    stop = past_deeper_comments(source, source.line_end(source.span(block)[1]), source.indent(start))
    rest = source.line_start(keyword_of(file, block.orelse)) if block.orelse else stop
    gone = [Edit(rest, stop, b"")] if block.orelse else []
    if is_elif(file, block):
        return Folded((Edit(start, header_colon(file, block) + 1, b"else:"), *gone))
    return _moved(file, block, block.body, (start, header_colon(file, block)), gone)


def _never(file: File, block: ast.If) -> Folded:
    source, start = file.source, file.source.span(block)[0]
    word = keyword_of(file, block.orelse)
    if is_elif(file, block):
        return Folded((Edit(source.line_start(start), source.line_start(word), b""),))
    if is_elif(file, block.orelse[0]):
        return Folded((Edit(start, word + len(b"elif"), b"if"),))
    return _moved(file, block, block.orelse, (word, source.text.index(b":", word)), [])


def _moved(file: File, block: ast.If, suite: Sequence[ast.stmt], header: tuple[int, int], gone: list[Edit]) -> Folded:
    """Move a branch into the place of the `if`; `header` is from its word to its colon, `gone` what follows it."""
    source, start, first = file.source, file.source.span(block)[0], start_of(file, suite[0])
    indent, newline = source.indent(start), source.newline(start)
    if not starts_line(file, suite[0]):
        return Folded((Edit(start, first, b""), *gone))
    body = source.line_end(header[1])
    kept = b"".join(indent + c + newline for c in comments(source.text[header[0] : body]))
    surplus = source.indent(first).removeprefix(indent)
    stop = gone[0].start if gone else len(source.text)
    moves = [edit for edit in dedent(file, block, body, indent, surplus) if edit.start < stop]
    end = max([source.span(block)[1], *(edit.end for edit in moves)])
    return Folded((Edit(source.line_start(start), body, kept), *moves, *gone), ((start, end),))


def _lines(file: File, statement: ast.stmt) -> Edit:
    source, start = file.source, file.source.span(statement)[0]
    stop = past_deeper_comments(source, source.line_end(source.span(statement)[1]), source.indent(start))
    return Edit(source.line_start(start), stop, b"")
