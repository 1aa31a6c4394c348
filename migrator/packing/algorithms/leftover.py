"""The sequences that no row holds yet, and the rows made so far."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.plan import Pattern

_WHOLE = 1e-6  # a number of rows this close below a whole one is that one: the simplex is exact to about 1e-7


class Leftover:
    def __init__(self, histogram: LengthHistogram) -> None:
        self._counts = list(histogram.counts)
        self.plan_parts: list[tuple[Pattern, int]] = []

    def counts(self, lengths: Sequence[int]) -> list[int]:
        return [self._counts[length - 1] for length in lengths]

    def histogram(self) -> LengthHistogram:
        return LengthHistogram(tuple(self._counts))

    def take(self, patterns: Sequence[Pattern], rows: NDArray[np.float64]) -> None:
        """Keep the whole part of every pattern's rows; where none has one, a row of each that is more than half."""
        used = [int(index) for index in np.flatnonzero(rows > _WHOLE)]
        taken = sum(self._keep(patterns[index], math.floor(rows[index] + _WHOLE)) for index in used)
        if not taken:
            self._round_up([(float(rows[index]), patterns[index]) for index in used])

    def _round_up(self, parts: list[tuple[float, Pattern]]) -> None:
        """The most nearly whole first; at least one row, so that a dive always gets on."""
        taken = 0
        for rows, pattern in sorted(parts, reverse=True):
            if rows <= 0.5 and taken:
                break
            taken += self._keep(pattern, 1)
        if not taken:
            self._keep_part(max(parts)[1])

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
