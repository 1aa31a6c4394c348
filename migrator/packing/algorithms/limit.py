"""How many sequences a row may hold where nobody says: as few as cost next to nothing.

Every further sequence in a row widens the arrays of all rows, so the limit is the smallest whose best possible factor
is within 0.5 % of that without a limit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from migrator.packing.algorithms.bound import simple_bound
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.plan import PackingPlan
from migrator.packing.algorithms.relaxation import Relaxation, greedy_plans
from migrator.packing.algorithms.work import Limits, Work

CLOSE = 0.005  # of the factor without a limit
# By counts alone, so that no clock decides how wide the arrays of a data set are: some seconds at 2,048 lengths.
_LIMITS = Limits(seconds=math.inf, pivots=1e8, additions=5e9)


def default_limit(histogram: LengthHistogram) -> int:
    """The smallest limit known to be close after a set amount of work; 1 for data without sequences."""
    work = Work(_LIMITS)
    shortest = next((length for length, count in enumerate(histogram.counts, start=1) if count), histogram.row_length)
    most = histogram.row_length // shortest  # more never fit
    plans = greedy_plans(histogram, None)
    # The number of tokens bounds the rows from below, a plan from above; that mostly tells, without the linear program.
    enough, too_many = simple_bound(histogram) / (1 - CLOSE), min(plan.packs for plan in plans) / (1 - CLOSE)
    target: float | None = None
    for limit in range(1, most):
        close = _is_close(histogram, limit, enough, too_many, work)
        if close is None:
            target = target or _fewest_rows(histogram, plans, work) / (1 - CLOSE)
            close = _is_close(histogram, limit, target, target, work)
        if close:
            return limit
    return most


def _fewest_rows(histogram: LengthHistogram, plans: Sequence[PackingPlan], work: Work) -> float:
    """Without a limit, from below: a target that is too hard is met by a limit that is too wide, which costs little."""
    program = Relaxation(histogram, None, work)
    program.cover(histogram, plans)
    for _ in program.improve():
        pass
    return program.bound


def _is_close(histogram: LengthHistogram, at_most: int, enough: float, too_many: float, work: Work) -> bool | None:
    """Whether `enough` rows are possible with this limit, as far as rows can be split, or more than `too_many` needed.

    None where it is neither.
    """
    if simple_bound(histogram, at_most) > too_many:
        return False
    plans = greedy_plans(histogram, at_most)
    if min(plan.packs for plan in plans) <= enough:
        return True
    program = Relaxation(histogram, at_most, work)
    program.cover(histogram, plans)
    for _ in program.improve():
        if program.rows <= enough:
            return True
        if program.bound > too_many:
            return False
    return None if enough < too_many else False
