"""The view of a diff for narrow terminals: removed lines above added ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.text import Text

from migrator.report.filediff import DiffHunk, DiffLine
from migrator.report.pairing import Span, changed_words, pairs
from migrator.report.screen import Page, file_header, gutter, hunk_header, painted, why_block


def unified(console: Console, page: Page) -> Iterator[RenderableType]:
    """Yield what to print for one file."""
    yield file_header(page.file)
    for number, hunk in enumerate(page.file.hunks):
        yield hunk_header(hunk.header, hunk.section)
        words = _changed(page, hunk)
        for line in hunk.lines:
            yield from _rows(console, page, line, words.get((line.op, line.before or line.after), ()))
        if page.whys:
            yield from why_block(page.whys[number])
    if page.file_why and not page.file.hunks:
        yield from why_block(page.file_why)
    yield ""


def _changed(page: Page, hunk: DiffHunk) -> dict[tuple[str, int | None], Sequence[Span]]:
    """The changed words of each line that has a counterpart, by sign and line number."""
    found: dict[tuple[str, int | None], Sequence[Span]] = {}
    for old, new in pairs(hunk):
        if old and new and old.op == "-":
            removed, added = changed_words(page.text(old).plain, page.text(new).plain)
            found["-", old.before], found["+", new.after] = removed, added
    return found


def _rows(console: Console, page: Page, line: DiffLine, words: Sequence[Span]) -> Iterator[Text]:
    room = max(console.width - 2 * page.digits - 4, 8)
    for at, row in enumerate(painted(console, page.text(line), room, line.op, words, newline=line.newline)):
        before = f"{line.before if line.before and at == 0 else '':>{page.digits}} "
        left = gutter(None, 0, line.op, False)
        left = Text(before, style=left.style)
        yield Text.assemble(left, gutter(line.after, page.digits, line.op, at == 0), row)
