"""Near-optimal packing: the linear program over patterns, then whole rows from it, dive after dive.

Each dive keeps whole rows of the program's, the greedy algorithms finish what is left, and a program for what is left
is the next one's; the best plan found is kept. It ends when a plan meets the bound, or is one row above it and that row
counts for little or some dives have not saved it; when nothing is left; or at the limits of work and time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from migrator.packing.algorithms.bound import BoundKind, simple_bound, whole_rows
from migrator.packing.algorithms.greedy_plans import greedy_plans
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.leftover import Leftover
from migrator.packing.algorithms.plan import PackingPlan, Pattern
from migrator.packing.algorithms.relaxation import Relaxation
from migrator.packing.algorithms.work import Limits, Work

_PATIENCE = 1  # dives for the last row
_LAST_ROW_COUNTS = 50_000  # rows up to which it is looked for: in more, one is less than the search for it costs


@dataclass(frozen=True)
class NearOptimal:
    """A plan, how few rows any packing needs, and what ended the search for a better one."""

    plan: PackingPlan
    bound: float  # no packing has fewer rows
    bound_kind: BoundKind
    stopped_by_clock: bool  # else the same data gives the same plan on every machine

    @property
    def gap(self) -> int:
        """Rows more than any packing needs, at most."""
        return self.plan.packs - whole_rows(self.bound)


def pack_by_columns(
    histogram: LengthHistogram,
    at_most: int | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    started: Relaxation | None = None,
) -> NearOptimal:
    """`at_most` sequences a row, or any number; the best plan found within the limits.

    A program that was started for the same data and limit is gone on with, and its work counted: the plan is the same.
    """
    work = Work(limits)
    if started:
        work.charge(started.work)
        started.work = work
    return _Search(histogram, at_most, work, started).run()


class _Search:
    def __init__(self, histogram: LengthHistogram, at_most: int | None, work: Work, started: Relaxation | None) -> None:
        self._at_most = at_most
        self._work = work
        self._left = Leftover(histogram.counts)
        self._started = started
        self._bound, self._bound_kind = float(simple_bound(histogram, at_most)), BoundKind.COUNTS
        self._rest = greedy_plans(histogram, at_most)  # of what is left
        self._best = self._rest.best
        self._dives_one_over = 0

    def run(self) -> NearOptimal:
        """Dive until it is finished."""
        known: Sequence[Pattern] = ()
        while not self._finished():
            program = self._started or Relaxation(self._left.histogram(), self._at_most, self._work, known)
            self._started = None
            while program.improve():
                pass
            if not self._left.plan_parts:
                self._bound, self._bound_kind = program.bound, program.bound_kind
            if not program.solutions or self._hopeless(program):
                break
            self._dive(program)
            known = program.patterns
        return NearOptimal(self._best, self._bound, self._bound_kind, self._work.stopped_by_clock)

    def _finished(self) -> bool:
        over = self._best.packs - whole_rows(self._bound)
        if over <= (1 if self._best.packs > _LAST_ROW_COUNTS else 0):
            return True
        return self._dives_one_over > _PATIENCE or not self._rest.best.packs or self._work.done()

    def _hopeless(self, program: Relaxation) -> bool:
        """Whether no whole rows from here can beat the best plan."""
        return self._left.rows + whole_rows(program.rows) >= self._best.packs

    def _dive(self, program: Relaxation) -> None:
        """Keep whole rows and finish greedily from there, in a few ways; go on from the best, keep the best plan."""
        fewest = math.inf
        for left in self._left.after(program.patterns, program.rows_of_patterns):
            rest = greedy_plans(left.histogram(), self._at_most)
            packs = left.rows + rest.best.packs
            if packs < fewest:
                fewest, self._left, self._rest = packs, left, rest
            if packs <= whole_rows(self._bound):
                break
        if fewest < self._best.packs:
            parts = [*self._left.plan_parts, *self._rest.best.patterns]
            self._best = PackingPlan.of(self._best.row_length, parts)
        self._dives_one_over += self._best.packs - whole_rows(self._bound) <= 1
        self._work.count(dives=1)
