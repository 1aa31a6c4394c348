"""The view of a diff for wide terminals: old lines on the left, new lines on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.console import Console, RenderableType
from rich.text import Text

from migrator.report.filediff import DiffHunk, DiffLine
from migrator.report.pairing import Pair, Span, changed_words, pairs
from migrator.report.screen import Page, background, file_header, gutter, hunk_header, painted, why_block

_BETWEEN = 1


def side_by_side(console: Console, page: Page) -> Iterator[RenderableType]:
    """Yield what to print for one file."""
    yield file_header(page.file)
    for number, hunk in enumerate(page.file.hunks):
        yield hunk_header(hunk.header, hunk.section)
        yield from _rows(console, page, hunk)
        if page.whys:
            yield from why_block(page.whys[number])
    if page.file_why and not page.file.hunks:
        yield from why_block(page.file_why)
    yield ""


def _rows(console: Console, page: Page, hunk: DiffHunk) -> Iterator[Text]:
    width = (console.width - _BETWEEN) // 2
    for pair in pairs(hunk):
        old_words, new_words = _words(page, pair)
        left = _cell(console, page, (pair[0], pair[0].before if pair[0] else None), width, old_words)
        right = _cell(console, page, (pair[1], pair[1].after if pair[1] else None), width, new_words)
        blank = Text(" " * width, style=background(""))
        for a, b in zip_longest(left, right, fillvalue=blank):
            yield Text.assemble(a, " " * _BETWEEN, b)


def _words(page: Page, pair: Pair) -> tuple[Sequence[Span], Sequence[Span]]:
    old, new = pair
    if old is None or new is None or old.op == " ":
        return (), ()
    return changed_words(page.text(old).plain, page.text(new).plain)


def _cell(
    console: Console, page: Page, place: tuple[DiffLine | None, int | None], width: int, words: Sequence[Span]
) -> list[Text]:
    line, number = place
    if line is None:
        return []
    room = max(width - page.digits - 3, 8)
    rows = painted(console, page.text(line), room, line.op, words, newline=line.newline)
    return [Text.assemble(gutter(number, page.digits, line.op, at == 0), row) for at, row in enumerate(rows)]
