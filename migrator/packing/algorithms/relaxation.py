"""How few rows if rows could be split: the linear program over all patterns, grown by the patterns that improve it.

Its optimum bounds the rows of every packing from below, and so do the prices on the way there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.bound import BoundKind, dual_bound, simple_bound, whole_rows
from migrator.packing.algorithms.greedy_plans import greedy_plans
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.pattern_program import PatternProgram
from migrator.packing.algorithms.plan import Pattern, most_in_a_row
from migrator.packing.algorithms.pricing import BestRows, Prices
from migrator.packing.algorithms.work import Work


class Relaxation:
    """The program for one histogram."""

    def __init__(
        self, histogram: LengthHistogram, at_most: int | None, work: Work, known: Sequence[Pattern] = ()
    ) -> None:
        """Starts from the rows of the greedy plans; those of the known patterns that the lengths allow are added."""
        self._histogram = histogram
        self._at_most = most_in_a_row(histogram.row_length, at_most)
        self.work = work  # that it is counted as
        occurring = list(histogram.longest_first())
        self._lengths, self._counts = [length for length, _ in occurring], [count for _, count in occurring]
        plans = greedy_plans(histogram, at_most)
        self._program = PatternProgram(self._lengths, self._counts)
        self._program.add((length,) for length in self._lengths)
        self._program.add(plans.patterns())
        self._program.add(filter(set(self._lengths).issuperset, known))
        self._program.start_from(plans.steps)
        self._simple = simple_bound(histogram, at_most)
        self.bound = float(self._simple)
        self.solutions = 0
        self.complete = False  # whether no pattern at all could lower the bound's whole rows

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

    def improve(self) -> bool:
        """Solve and look for better patterns, once; whether there was something left to do, and work to do it with."""
        if self.complete or (self.solutions and self.work.done()) or not self._program.solve(self.work):
            return False
        self.solutions += 1
        found = self._best_rows()
        self._raise_bound(found)
        # nothing is to be gained where the solution cannot fall below the whole rows that are needed anyway
        self.complete = whole_rows(self.rows) <= whole_rows(self.bound) or not self._program.add(found.improving())
        return True

    def _best_rows(self) -> BestRows:
        self._values = np.maximum(self._program.prices(), 0.0)
        found = BestRows(Prices(np.array(self._lengths), self._values), self._histogram.row_length, self._at_most)
        self.work.count(additions=found.additions)
        return found

    def _raise_bound(self, found: BestRows) -> None:
        worth = math.fsum(count * value for count, value in zip(self._counts, self._values.tolist(), strict=True))
        self.bound = max(self.bound, dual_bound(worth, found.value))
