"""Where lines of one text stand in another: the hunks between two texts, mapped in both directions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from migrator.core.findings import LineRange

_NEWLINE = re.compile(rb"\r\n|\r|\n")


def line_starts(data: bytes) -> list[int]:
    """Offsets at which lines start. CRLF, CR and LF end a line, as in Python's own tokenizer."""
    return [0, *(m.end() for m in _NEWLINE.finditer(data))]


@dataclass(frozen=True)
class Hunk:
    """Lines `before` of the old text stand as lines `after` of the new one."""

    before: LineRange
    after: LineRange


@dataclass(frozen=True)
class LineMap:
    """The hunks between an old and a new text, in order; all other lines are the same."""

    hunks: tuple[Hunk, ...] = ()

    def forward(self, lines: LineRange) -> LineRange:
        """Where `lines` of the old text stand in the new one; inside a hunk, the whole hunk."""
        return _move(lines, [(h.before, h.after) for h in self.hunks])

    def backward(self, lines: LineRange) -> LineRange:
        """Where `lines` of the new text stood in the old one; inside a hunk, the whole hunk."""
        return _move(lines, [(h.after, h.before) for h in self.hunks])


def _first(line: int, gap: bool, pairs: Sequence[tuple[LineRange, LineRange]]) -> int:
    """Where the line `line` stands; the start of the hunk it lies in. A gap stays before what was inserted in it."""
    moved = line
    for old, new in pairs:
        if old.start <= line < old.stop:
            return new.start
        if old.stop < line or (old.stop == line and not (gap and old.count == 0)):
            moved = line + new.stop - old.stop
    return moved


def _last(stop: int, pairs: Sequence[tuple[LineRange, LineRange]]) -> int:
    """Where the end of a range stands; the end of the hunk it lies in."""
    moved = stop
    for old, new in pairs:
        if old.start < stop <= old.stop:
            return new.stop
        if old.stop < stop:
            moved = stop + new.stop - old.stop
    return moved


def _move(lines: LineRange, pairs: Sequence[tuple[LineRange, LineRange]]) -> LineRange:
    first = _first(lines.start, lines.count == 0, pairs)
    return LineRange(first, max(0, _last(lines.stop, pairs) - first))


def between(old: Sequence[Hashable], new: Sequence[Hashable]) -> LineMap:
    """The hunks that turn the lines `old` into `new`."""
    opcodes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return LineMap(
        tuple(
            Hunk(LineRange(i1 + 1, i2 - i1), LineRange(j1 + 1, j2 - j1))
            for tag, i1, i2, j1, j2 in opcodes
            if tag != "equal"
        )
    )


def touches(a: LineRange, b: LineRange) -> bool:
    """Whether two ranges share a line, or one is a gap inside or at the edge of the other."""
    if a.count == 0 and b.count == 0:
        return a.start == b.start
    if a.count == 0:
        return b.start <= a.start <= b.stop
    if b.count == 0:
        return a.start <= b.start <= a.stop
    return a.start < b.stop and b.start < a.stop
