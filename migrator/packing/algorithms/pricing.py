"""Which rows would lower the number of rows most, at given prices of the lengths.

The prices are the duals of the linear program over patterns; a pattern worth more than 1, the cost of a row, improves
it (column generation: Gilmore and Gomory, "A linear programming approach to the cutting-stock problem", 1961). The most
valuable pattern is a knapsack with a limit on the number of items, solved by a (max,+) dynamic program over lengths.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.plan import Pattern

Values = NDArray[np.float64]
_TOLERANCE = 1e-9
_MOST_NEW = 32  # more new patterns at once make the linear program slower than they make it better


@dataclass(frozen=True)
class Prices:
    """The lengths that occur, longest first, and what one sequence of each is worth."""

    lengths: NDArray[np.int64]
    values: Values


class BestRows:
    """The most valuable row for every length it may have."""

    def __init__(self, prices: Prices, row_length: int, at_most: int) -> None:
        worth = prices.values > 0
        self._prices = Prices(prices.lengths[worth], prices.values[worth])
        self._row_length = row_length
        shortest = int(self._prices.lengths[-1]) if len(self._prices.lengths) else row_length
        self._depth = min(at_most, row_length // shortest)
        self._best, self._choice = self._tables()

    def _tables(self) -> tuple[list[Values], list[NDArray[np.int64]]]:
        """By number of sequences and length: the best value, and the index of one length that reaches it (-1: none)."""
        lengths, values = self._prices.lengths, self._prices.values
        best = [np.zeros(self._row_length + 1)]
        choice = [np.full(self._row_length + 1, -1, dtype=np.int64)]
        for _ in range(self._depth):
            last, now, taken = best[-1], best[-1].copy(), np.full(self._row_length + 1, -1, dtype=np.int64)
            for index, (length, value) in enumerate(zip(lengths.tolist(), values.tolist(), strict=True)):
                candidate = last[: self._row_length + 1 - length] + value
                tail = now[length:]
                better = candidate > tail + _TOLERANCE  # ties stay with the longest: short ones fill gaps later
                tail[better] = candidate[better]
                taken[length:][better] = index
            if not (taken >= 0).any():
                break
            best.append(now)
            choice.append(taken)
        return best, choice

    @property
    def value(self) -> float:
        return float(self._best[-1][-1])

    def improving(self) -> list[Pattern]:
        """For each length the best row that holds it, where it is worth more than a row costs; the best first."""
        lengths, values = self._prices.lengths, self._prices.values
        if not len(lengths):
            return []
        depth = min(len(self._best) - 1, self._depth - 1)
        worth = values + self._best[depth][self._row_length - lengths]
        order = np.argsort(-worth, kind="stable")
        chosen = [index for index in order.tolist() if worth[index] > 1 + 10 * _TOLERANCE * self._depth][
            : max(_MOST_NEW, len(lengths) // 16)
        ]
        return list(dict.fromkeys(self._pattern(int(lengths[index]), depth) for index in chosen))

    def _pattern(self, first: int, depth: int) -> Pattern:
        found = [first]
        room = self._row_length - first
        for level in range(depth, 0, -1):
            index = int(self._choice[level][room])
            if index >= 0:
                found.append(int(self._prices.lengths[index]))
                room -= found[-1]
        return tuple(sorted(found, reverse=True))
