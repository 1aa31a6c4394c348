"""Even-count packing: every row gets as many sequences as the rows still to be made hold on average.

Best fit fills rows with few long sequences first, so that the short ones come last and rows end at their limit of
sequences with room to spare. Here a row takes the longest sequence left and shares the rest of its room evenly among
the others; the last two fill it exactly where any two can. Where lengths are many and the limit of sequences matters,
it comes within about 1 % of the bound, and the linear program over patterns starts best from its rows.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.plan import PackingPlan, Pattern, most_in_a_row

Lengths = NDArray[np.int64]


def pack_evenly(histogram: LengthHistogram, at_most: int | None = None, more: int = 0) -> PackingPlan:
    """`at_most` sequences a row, or any number; `more` of them in a row than the average asks for."""
    most = most_in_a_row(histogram.row_length, at_most)
    left = _Left(histogram)
    parts: list[tuple[Pattern, int]] = []
    while left.sequences:
        row = left.row(left.even_count(most, more))
        parts.append((row, left.take(row)))
    return PackingPlan.of(histogram.row_length, parts)


class _Left:
    """The sequences that no row holds yet."""

    def __init__(self, histogram: LengthHistogram) -> None:
        self._row_length = histogram.row_length
        self._counts = np.array((0, *histogram.counts), dtype=np.int64)  # by length
        self._tokens = histogram.tokens
        self.sequences = histogram.sequences

    def even_count(self, at_most: int, more: int) -> int:
        rows = max(-(-self._tokens // self._row_length), -(-self.sequences // at_most))
        return min(at_most, -(-self.sequences // rows) + more)

    def row(self, size: int) -> Pattern:
        """Of about `size` sequences, the longest first."""
        free = self._counts.copy()
        lengths = np.flatnonzero(free)
        row = [int(lengths[-1])]
        free[row[0]] -= 1
        room = self._row_length - row[0]
        while size > len(row):
            slots = min(size - len(row), room // int(lengths[0]))
            fitting = lengths[: np.searchsorted(lengths, room, side="right")]
            fitting = fitting[free[fitting] > 0]
            if slots < 1 or not len(fitting):
                break
            found = _exact_pair(fitting, free, room) if slots == 2 else ()
            for length in found or (_nearest(fitting, room // slots),):
                row.append(length)
                free[length] -= 1
                room -= length
        return tuple(sorted(row, reverse=True))

    def take(self, row: Pattern) -> int:
        """As many of these rows as there are sequences for."""
        held = Counter(row)
        rows = min(int(self._counts[length]) // times for length, times in held.items())
        for length, times in held.items():
            self._counts[length] -= times * rows
        self.sequences -= len(row) * rows
        self._tokens -= sum(row) * rows
        return rows


def _nearest(lengths: Lengths, share: int) -> int:
    """The longest up to an even share of the room, else the shortest."""
    return int(lengths[max(0, int(np.searchsorted(lengths, share, side="right")) - 1)])


def _exact_pair(lengths: Lengths, free: Lengths, room: int) -> tuple[int, ...]:
    """The two lengths nearest to each other that fill the room, if there are any."""
    shorter = lengths[: np.searchsorted(lengths, room // 2, side="right")]
    pairs = np.flatnonzero(free[room - shorter] > (shorter * 2 == room))
    if not len(pairs):
        return ()
    length = int(shorter[pairs[-1]])
    return room - length, length
