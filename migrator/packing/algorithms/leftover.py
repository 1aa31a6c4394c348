"""The sequences that no row holds yet, and the rows made so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.plan import Pattern

_WHOLE = 1e-6  # a number of rows this close below a whole one is that one: the simplex is exact to about 1e-7
_ROUNDED_UP = (0.5, 0.0)  # the fractions of a row above which it is made; by trying, neither is always better


class Leftover:
    def __init__(self, counts: Sequence[int], plan_parts: Sequence[tuple[Pattern, int]] = ()) -> None:
        self._counts = list(counts)  # of each length, from 1
        self.plan_parts = list(plan_parts)

    def histogram(self) -> LengthHistogram:
        return LengthHistogram(tuple(self._counts))

    @property
    def rows(self) -> int:
        """Made so far."""
        return sum(rows for _, rows in self.plan_parts)

    def after(self, patterns: Sequence[Pattern], rows: NDArray[np.float64]) -> Iterator[Leftover]:
        """What is left with the whole part of every pattern's rows made, and one more where more than half is left.

        Then with one more for any fraction. At least one row is made each time, so that a dive always gets on: there
        must be sequences left, and patterns that hold them.
        """
        left = Leftover(self._counts, self.plan_parts)
        whole = np.floor(rows + _WHOLE).astype(np.int64)
        for index in np.flatnonzero(whole > 0).tolist():
            left._keep(patterns[index], int(whole[index]))
        more = np.flatnonzero(rows - np.maximum(whole, 0) > _WHOLE).tolist()
        fractions = sorted((float(rows[index] - whole[index]), patterns[index]) for index in more)
        made = self.rows
        for least in _ROUNDED_UP:
            while fractions and fractions[-1][0] > least:
                left._keep(fractions.pop()[1], 1)
            if left.rows > made:
                made = left.rows
                yield Leftover(left._counts, left.plan_parts)
        if made == self.rows:
            used = (index for index in np.argsort(-rows, kind="stable").tolist() if self._has_of(patterns[index]))
            left._keep_part(patterns[next(used)])
            yield left

    def _has_of(self, pattern: Pattern) -> bool:
        return any(self._counts[length - 1] for length in pattern)

    def _keep_part(self, pattern: Pattern) -> None:
        """One row of those of its sequences that are left: a length may be covered more often than it occurs."""
        held: list[int] = []
        for length in pattern:
            if held.count(length) < self._counts[length - 1]:
                held.append(length)
        self._keep(tuple(held), 1)

    def _keep(self, pattern: Pattern, rows: int) -> int:
        """As many of these rows as there are sequences for."""
        held = Counter(pattern)
        rows = min([rows, *(self._counts[length - 1] // times for length, times in held.items())])
        if rows and pattern:
            self.plan_parts.append((pattern, rows))
            for length, times in held.items():
                self._counts[length - 1] -= times * rows
        return rows
