"""Which rows would lower the number of rows most, at given prices of the lengths.

The prices are the duals of the linear program over patterns; a pattern worth more than 1, the cost of a row, improves
it (column generation: Gilmore and Gomory, "A linear programming approach to the cutting-stock problem", 1961). The most
valuable pattern is a knapsack with a limit on the number of items, solved by a (max,+) dynamic program over lengths.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.max_plus import Values, with_one_more
from migrator.packing.algorithms.plan import Pattern

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
        self._lengths, self._values = prices.lengths[worth], prices.values[worth]
        self._row_length = row_length
        shortest = int(self._lengths[-1]) if len(self._lengths) else row_length
        self._value_of = np.full(row_length, -np.inf)  # of the lengths from the row's down to 1
        self._value_of[row_length - self._lengths] = self._values
        # What goes beside one sequence; where the room ends before the limit does, one table without it is enough.
        limit = min(at_most, row_length // shortest) - 1
        self._limited = at_most - 1 < (row_length - shortest) // shortest
        self._tables = self._by_count(limit) if self._limited else [self._unlimited()]
        self._worth = self._values + self._tables[-1][row_length - self._lengths]

    @property
    def additions(self) -> int:
        """How much work the tables were."""
        levels = max(1, len(self._tables) - 1) if self._limited else 1
        return levels * len(self._lengths) * self._row_length

    @property
    def value(self) -> float:
        """Of the best row; 0 where nothing is worth anything."""
        return float(self._worth.max(initial=0.0))

    def _by_count(self, most: int) -> list[Values]:
        """By number of sequences (from 0) and room: the best value; ends early where more gain nothing."""
        tables = [np.zeros(self._row_length + 1)]
        for count in range(most):
            now = with_one_more(tables[-1], self._lengths, self._values) if count else self._one()
            if np.array_equal(now, tables[-1]):
                break
            tables.append(now)
        return tables

    def _one(self) -> Values:
        """By room: the best value of one sequence."""
        best = np.zeros(self._row_length + 1)
        best[self._lengths] = self._values
        return np.maximum.accumulate(best)

    def _unlimited(self) -> Values:
        """By room: the best value of any number of sequences."""
        best = np.zeros(self._row_length + 1)
        value_of = np.append(self._value_of, -np.inf)[::-1]  # by length, from 0
        shortest = int(self._lengths[-1]) if len(self._lengths) else self._row_length + 1
        for room in range(shortest, self._row_length + 1):
            with_one = value_of[shortest : room + 1] + best[room - shortest :: -1]
            best[room] = max(best[room - 1], float(with_one.max()))
        return best

    def improving(self) -> list[Pattern]:
        """For each length the best row that holds it, where it is worth more than a row costs; the best first."""
        order = np.argsort(-self._worth, kind="stable")[: max(_MOST_NEW, len(self._lengths) // 16)]
        # a row is found up to the tolerance for each of its sequences
        enough = 1 + 10 * _TOLERANCE * max(len(self._tables), self._row_length if not self._limited else 1)
        chosen = [int(self._lengths[index]) for index in order.tolist() if self._worth[index] > enough]
        return list(dict.fromkeys(self._pattern(first) for first in chosen))

    def _pattern(self, first: int) -> Pattern:
        found = [first]
        room = self._row_length - first
        if self._limited:
            for without, table in zip(self._tables[-2::-1], self._tables[:0:-1], strict=True):
                if table[room] > without[room] + _TOLERANCE:
                    found.append(self._longest(room, without, float(table[room])))
                    room -= found[-1]
        else:
            best = self._tables[0]
            while best[room] > _TOLERANCE:
                found.append(self._longest(room, best, float(best[room])))
                room -= found[-1]
        return tuple(sorted(found, reverse=True))

    def _longest(self, room: int, beside: Values, value: float) -> int:
        """The longest sequence of a row that reaches this value: short ones fill gaps later."""
        reached = self._value_of[self._row_length - room :] + beside[:room] >= value - _TOLERANCE
        return room - int(np.argmax(reached))
