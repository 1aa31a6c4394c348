"""From lengths and a request to a plan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.limit import find_limit
from migrator.packing.algorithms.solve import Solved, solve
from migrator.packing.request import Packing


def histogram_of(lengths: NDArray[np.integer[Any]], row_length: int) -> LengthHistogram:
    """The lengths of all sequences, for rows of `row_length` tokens."""
    return LengthHistogram(tuple(np.bincount(lengths, minlength=row_length + 1)[1:].tolist()))


def plan_for(histogram: LengthHistogram, asked: Packing) -> Solved:
    """The plan that was asked for; checked, whatever algorithm made it."""
    at_most, started = None if asked.unlimited else asked.per_row, None
    if not (asked.unlimited or asked.per_row):
        found = find_limit(histogram)
        at_most, started = found.at_most, found.program
    solved = solve(histogram, asked.algorithm, at_most, asked.seconds, started)
    solved.plan.check(histogram, at_most)
    return solved
