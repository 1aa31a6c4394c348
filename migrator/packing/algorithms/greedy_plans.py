"""The quick plans for one histogram: a plan to beat, and the patterns that the linear program starts from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache

from migrator.packing.algorithms.even_counts import EvenRows, Step, even_rows
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.lpfhp import pack_longest_first
from migrator.packing.algorithms.plan import PackingPlan, Pattern


@lru_cache(maxsize=4)  # looking for a good limit and then packing with it ask for the same
def greedy_plans(histogram: LengthHistogram, at_most: int | None) -> GreedyPlans:
    """For `at_most` sequences a row, or any number."""
    return GreedyPlans(histogram, at_most)


class GreedyPlans:
    """Each is made when it is first asked for."""

    def __init__(self, histogram: LengthHistogram, at_most: int | None) -> None:
        self._histogram = histogram
        self._at_most = at_most

    @cached_property
    def longest_first(self) -> PackingPlan:
        """Longest-pack-first's."""
        return pack_longest_first(self._histogram, self._at_most)

    @cached_property
    def _even_rows(self) -> tuple[EvenRows, ...]:
        """With the even counts, and with one more where that makes a difference."""
        even = even_rows(self._histogram, self._at_most)
        return (even, even_rows(self._histogram, self._at_most, more=1)) if even.counts_mattered else (even,)

    @property
    def _best_even(self) -> EvenRows:
        return min(self._even_rows, key=lambda rows: rows.packs)

    @cached_property
    def best(self) -> PackingPlan:
        """That of the fewest rows."""
        even = self._best_even
        return even.plan() if even.packs < self.longest_first.packs else self.longest_first

    @property
    def steps(self) -> tuple[Step, ...]:
        """Of the best with even counts: a solution of the linear program, and the basis for it."""
        return self._best_even.steps

    def patterns(self) -> Iterator[Pattern]:
        """Of all of them."""
        yield from (pattern for pattern, _ in self.longest_first.patterns)
        yield from (step.pattern for rows in self._even_rows for step in rows.steps)
