"""How few rows if rows could be split: the linear program over all patterns, grown by the patterns that improve it.

Its optimum bounds the rows of every packing from below, and so do the prices on the way there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.bound import BoundKind, dual_bound, simple_bound, whole_rows
from migrator.packing.algorithms.even_counts import pack_evenly
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.lpfhp import pack_longest_first
from migrator.packing.algorithms.pattern_program import PatternProgram
from migrator.packing.algorithms.plan import PackingPlan, Pattern, most_in_a_row
from migrator.packing.algorithms.pricing import BestRows, Prices
from migrator.packing.algorithms.work import Work


@lru_cache(maxsize=4)  # looking for a good limit and then packing with it ask for the same
def greedy_plans(histogram: LengthHistogram, at_most: int | None) -> tuple[PackingPlan, ...]:
    """Longest-pack-first's first; together their patterns are what the program starts from."""
    even = (pack_evenly(histogram, at_most, more) for more in (0, 1))
    return (pack_longest_first(histogram, at_most), *even)


class Relaxation:
    """The program for one histogram, and later for what is left of it."""

    def __init__(self, histogram: LengthHistogram, at_most: int | None, work: Work) -> None:
        self._row_length = histogram.row_length
        self._at_most = most_in_a_row(histogram.row_length, at_most)
        self._work = work
        self._histogram = histogram
        self._lengths = [length for length, _ in histogram.longest_first()]
        self._program = PatternProgram(self._lengths)
        self._program.add((length,) for length in self._lengths)
        self._simple = simple_bound(histogram, at_most)
        self.bound = float(self._simple)  # of the histogram last covered
        self.complete = False  # whether no pattern at all could lower the bound's whole rows

    def cover(self, histogram: LengthHistogram, plans: Sequence[PackingPlan]) -> None:
        """From now on this histogram, which has no length that the first had not; start from these plans' patterns."""
        self._histogram = histogram
        self._program.cover(self._counts())
        for plan in plans:
            self._program.add(pattern for pattern, _ in plan.patterns)
        self._simple = simple_bound(histogram, self._at_most)
        self.bound = float(self._simple)
        self.complete = False

    def _counts(self) -> list[int]:
        return [self._histogram.counts[length - 1] for length in self._lengths]

    @property
    def patterns(self) -> Sequence[Pattern]:
        """All known so far."""
        return self._program.patterns

    @property
    def rows_of_patterns(self) -> NDArray[np.float64]:
        """How many rows of each pattern the best solution so far has; not whole."""
        return self._program.rows()

    @property
    def bound_kind(self) -> BoundKind:
        """What the bound comes from so far."""
        if self.complete:
            return BoundKind.LINEAR_PROGRAM
        return BoundKind.PRICES if self.bound > self._simple else BoundKind.COUNTS

    @property
    def rows(self) -> float:
        """Of the best solution so far."""
        return float(self._program.rows().sum())

    def improve(self) -> Iterator[None]:
        """Solve, look for better patterns, and again; it rests after every solution, so that a caller can stop."""
        while self._program.solve(self._work):
            found = self._best_rows()
            self._raise_bound(found)
            # nothing is to be gained where the solution cannot fall below the whole rows that are needed anyway
            self.complete = whole_rows(self.rows) <= whole_rows(self.bound) or not self._program.add(found.improving())
            yield
            if self.complete or self._work.done():
                return

    def _best_rows(self) -> BestRows:
        self._values = np.maximum(self._program.prices(), 0.0)
        found = BestRows(Prices(np.array(self._lengths), self._values), self._row_length, self._at_most)
        self._work.count(additions=found.additions)
        return found

    def _raise_bound(self, found: BestRows) -> None:
        worth = math.fsum(count * value for count, value in zip(self._counts(), self._values.tolist(), strict=True))
        self.bound = max(self.bound, dual_bound(worth, found.value))
