"""How many sequences a row may hold where nobody says: as few as cost next to nothing.

Every further sequence in a row widens the arrays of all rows, so the limit is the smallest whose best possible factor
is within 0.5 % of that without a limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from migrator.packing.algorithms.bound import simple_bound
from migrator.packing.algorithms.greedy_plans import greedy_plans
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.relaxation import Relaxation
from migrator.packing.algorithms.work import Limits, Work

CLOSE = 0.005  # of the factor without a limit
# By counts alone, so that no clock decides how wide the arrays of a data set are: some seconds at 2,048 lengths.
_LIMITS = Limits(seconds=math.inf, pivots=1e8, additions=5e9)


@dataclass(frozen=True)
class FoundLimit:
    at_most: int
    program: Relaxation | None = None  # with this limit, as far as it had to be solved to tell


def default_limit(histogram: LengthHistogram) -> int:
    """The smallest limit known to be close after a set amount of work; 1 for data without sequences."""
    return find_limit(histogram).at_most


def find_limit(histogram: LengthHistogram) -> FoundLimit:
    """The same, with the work on it that packing can go on with."""
    shortest = next((length for length, count in enumerate(histogram.counts, start=1) if count), histogram.row_length)
    most = histogram.row_length // shortest  # more never fit
    search = _Search(histogram)
    return next((found for limit in range(1, most) if (found := search.close(limit))), FoundLimit(most))


class _Search:
    """The number of tokens bounds the rows without a limit from below, a plan from above; that mostly tells.

    Where it does not, the linear program does, solved for no limit too.
    """

    def __init__(self, histogram: LengthHistogram) -> None:
        self._histogram = histogram
        self._work = Work(_LIMITS)
        self._enough = simple_bound(histogram) / (1 - CLOSE)

    def close(self, limit: int) -> FoundLimit | None:
        """Where this limit is close."""
        if self._too_many(simple_bound(self._histogram, limit)):
            return None
        plans = greedy_plans(self._histogram, limit)
        if plans.longest_first.packs <= self._enough or plans.best.packs <= self._enough:
            return FoundLimit(limit)
        program = Relaxation(self._histogram, limit, self._work.rest())
        close = self._program_is_close(program)
        self._work.charge(program.work)
        return FoundLimit(limit, program) if close else None

    def _program_is_close(self, program: Relaxation) -> bool:
        while program.improve():
            if program.rows <= self._enough:
                return True
            if self._too_many(program.bound):
                return False
        return program.complete and program.rows <= self._target

    def _too_many(self, rows: float) -> bool:
        """Whether so many rows are not close to the best possible without a limit, for all that plans tell."""
        if rows <= self._enough:
            return False
        quick = greedy_plans(self._histogram, None).longest_first.packs / (1 - CLOSE)
        return rows > quick or rows > greedy_plans(self._histogram, None).best.packs / (1 - CLOSE)

    @cached_property
    def _target(self) -> float:
        """Without a limit, from below: a target that is too hard is met by a limit that is too wide, costing little."""
        program = Relaxation(self._histogram, None, self._work.rest())
        while program.improve():
            pass
        self._work.charge(program.work)
        return program.bound / (1 - CLOSE)
