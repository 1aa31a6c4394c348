"""The lines that applied hunks really change, in the line numbers of `migrator.core.linemap`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from migrator.core.findings import LineRange
from migrator.core.linemap import Hunk, line_starts
from migrator.core.udiff_place import Placed


def changed_runs(old: Sequence[bytes], new: Sequence[bytes], placed: Sequence[Placed]) -> tuple[Hunk, ...]:
    """The runs of removed and added lines, without context, of the hunks `placed` in `old`."""
    befores, afters = _numbers(old), _numbers(new)
    shift = 0
    runs: list[Hunk] = []
    for one in placed:
        for i1, i2, j1, j2 in _runs(one, shift):
            runs.append(Hunk(_lines(befores, i1, i2), _lines(afters, j1, j2)))
        shift += one.hunk.after.count - one.hunk.before.count
    return tuple(runs)


def _runs(placed: Placed, shift: int) -> Iterator[tuple[int, int, int, int]]:
    """Start and stop of each run (0-based), in the old lines and in the new ones."""
    i1 = i2 = placed.at
    j1 = j2 = placed.at + shift
    for mark, _ in placed.hunk.rows:
        if mark == " ":
            if i2 > i1 or j2 > j1:
                yield i1, i2, j1, j2
            i1 = i2 = i2 + 1
            j1 = j2 = j2 + 1
        else:
            i2, j2 = i2 + (mark == "-"), j2 + (mark == "+")
    if i2 > i1 or j2 > j1:
        yield i1, i2, j1, j2


def _numbers(lines: Sequence[bytes]) -> list[int]:
    """The number of each line that LF ends, and of the end: a lone CR starts a line for Python, not for git."""
    return list(accumulate(map(_count, lines), initial=1))


def _count(line: bytes) -> int:
    return len(line_starts(line)) - line.endswith((b"\n", b"\r"))


def _lines(numbers: Sequence[int], start: int, stop: int) -> LineRange:
    return LineRange(numbers[start], numbers[stop] - numbers[start])
