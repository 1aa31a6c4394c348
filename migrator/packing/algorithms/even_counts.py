"""Even-count packing: every row gets as many sequences as the rows still to be made hold on average.

Best fit fills rows with few long sequences first, so that the short ones come last and rows end at their limit of
sequences with room to spare. Here a row takes the longest sequence left and shares the rest of its room evenly among
the others; the last two fill it exactly where any two can. Where lengths are many and the limit of sequences matters,
it comes within about 1 % of the bound, and the linear program over patterns starts best from its rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from migrator.packing.algorithms.bit_sets import bit_set, highest, lowest, up_to
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.plan import PackingPlan, Pattern, most_in_a_row


@dataclass(frozen=True)
class Step:
    """Rows of one pattern, made together until one of its lengths had too few sequences left for another."""

    pattern: Pattern
    rows: int
    used_up: tuple[int, ...]  # all such lengths, those with the fewest left first


@dataclass(frozen=True)
class EvenRows:
    row_length: int
    steps: tuple[Step, ...]
    counts_mattered: bool  # else rows end by their room or by the limit, and a higher count gives the same

    @property
    def packs(self) -> int:
        return sum(step.rows for step in self.steps)

    def plan(self) -> PackingPlan:
        return PackingPlan.of(self.row_length, ((step.pattern, step.rows) for step in self.steps))


def pack_evenly(histogram: LengthHistogram, at_most: int | None = None, more: int = 0) -> PackingPlan:
    """`at_most` sequences a row, or any number; `more` of them in a row than the average asks for."""
    return even_rows(histogram, at_most, more).plan()


def even_rows(histogram: LengthHistogram, at_most: int | None = None, more: int = 0) -> EvenRows:
    """The same, in the order in which the rows are made."""
    most = most_in_a_row(histogram.row_length, at_most)
    left = _Left(histogram)
    steps: list[Step] = []
    counts_mattered = False
    while left.sequences:
        size = left.even_count(most, more)
        row = _Row(left, size)
        counts_mattered |= row.could_hold_more and size < most
        steps.append(left.take(row))
    return EvenRows(histogram.row_length, tuple(steps), counts_mattered)


class _Left:
    """The sequences that no row holds yet."""

    def __init__(self, histogram: LengthHistogram) -> None:
        self.row_length = histogram.row_length
        self.counts = [0, *histogram.counts]  # by length
        self.lengths = bit_set(length for length, _ in histogram.longest_first())
        self.mirrored = bit_set(self.row_length - length for length, _ in histogram.longest_first())
        self.sequences = histogram.sequences
        self._tokens = histogram.tokens

    def even_count(self, at_most: int, more: int) -> int:
        rows = max(-(-self._tokens // self.row_length), -(-self.sequences // at_most))
        return min(at_most, -(-self.sequences // rows) + more)

    def take(self, row: _Row) -> Step:
        """As many of these rows as there are sequences for."""
        rows = min(self.counts[length] // times for length, times in row.held.items())
        used_up = []
        for length, times in row.held.items():
            self.counts[length] -= times * rows
            if self.counts[length] < times:
                used_up.append(length)
            if not self.counts[length]:
                self.lengths ^= 1 << length
                self.mirrored ^= 1 << (self.row_length - length)
        pattern = tuple(sorted(row.sequences, reverse=True))
        self.sequences -= len(pattern) * rows
        self._tokens -= sum(pattern) * rows
        return Step(pattern, rows, tuple(sorted(used_up, key=self.counts.__getitem__)))


class _Row:
    """About `size` of the sequences left, the longest first."""

    def __init__(self, left: _Left, size: int) -> None:
        self._left = left
        self._free, self._free_mirrored = left.lengths, left.mirrored  # lengths with a sequence that is not in the row
        self._room = left.row_length
        self.sequences: list[int] = []
        self.held: dict[int, int] = {}  # of each length
        self.could_hold_more = False  # than its size lets it
        self._put(highest(left.lengths))
        self._fill(size, lowest(left.lengths))

    def _fill(self, size: int, shortest: int) -> None:
        while fitting := up_to(self._free, self._room):
            wanted, most = size - len(self.sequences), self._room // shortest
            self.could_hold_more |= wanted < most
            slots = min(wanted, most)
            if slots < 1:
                break
            pair = self._exact_pair(fitting) if slots == 2 else ()
            for length in pair or (_nearest(fitting, self._room // slots),):
                self._put(length)

    def _put(self, length: int) -> None:
        times = self.held.get(length, 0) + 1
        self.held[length] = times
        self.sequences.append(length)
        self._room -= length
        if times == self._left.counts[length]:
            self._free ^= 1 << length
            self._free_mirrored ^= 1 << (self._left.row_length - length)

    def _exact_pair(self, fitting: int) -> tuple[int, ...]:
        """The two lengths nearest to each other that fill the room, if there are any."""
        others = self._free_mirrored >> (self._left.row_length - self._room)  # the room without each of the lengths
        shorter = highest(up_to(fitting & others, self._room // 2))
        if shorter * 2 == self._room and self._left.counts[shorter] - self.held.get(shorter, 0) < 2:
            shorter = highest(up_to(fitting & others, shorter - 1))
        return (self._room - shorter, shorter) if shorter > 0 else ()


def _nearest(lengths: int, share: int) -> int:
    """The longest up to an even share of the room, else the shortest."""
    length = highest(up_to(lengths, share))
    return length if length > 0 else lowest(lengths)
