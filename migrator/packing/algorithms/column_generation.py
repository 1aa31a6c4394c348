"""Near-optimal packing: the linear program over patterns, then whole rows from it, dive after dive.

Each dive keeps the whole part of the program's rows and solves again for what is left; the greedy algorithms finish
what is left at every depth, and the best plan found is kept. It ends when a plan meets the bound, or is one row above
it and that row counts for little or some dives have not saved it; when nothing is left; or at the limits of work and
time.
"""

from __future__ import annotations

from dataclasses import dataclass

from migrator.packing.algorithms.bound import BoundKind, whole_rows
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.leftover import Leftover
from migrator.packing.algorithms.plan import PackingPlan
from migrator.packing.algorithms.relaxation import Relaxation, greedy_plans
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
) -> NearOptimal:
    """`at_most` sequences a row, or any number; the best plan found within the limits."""
    return _Search(histogram, at_most, Work(limits)).run()


class _Search:
    def __init__(self, histogram: LengthHistogram, at_most: int | None, work: Work) -> None:
        self._at_most = at_most
        self._work = work
        self._left = Leftover(histogram)
        self._program = Relaxation(histogram, at_most, work)
        self._bound, self._bound_kind = self._program.bound, self._program.bound_kind
        self._rest = greedy_plans(histogram, at_most)  # of what is left
        self._best = min(self._rest, key=lambda plan: plan.packs)
        self._dives_one_over = 0

    def run(self) -> NearOptimal:
        """Dive until it is finished."""
        while not self._finished():
            self._program.cover(self._left.histogram(), self._rest)
            solved = sum(1 for _ in self._program.improve())
            if not self._left.plan_parts:
                self._bound, self._bound_kind = self._program.bound, self._program.bound_kind
            if not solved or self._hopeless():
                break
            self._dive()
        return NearOptimal(self._best, self._bound, self._bound_kind, self._work.stopped_by_clock)

    def _finished(self) -> bool:
        over = self._best.packs - whole_rows(self._bound)
        if over <= (1 if self._best.packs > _LAST_ROW_COUNTS else 0):
            return True
        return self._dives_one_over > _PATIENCE or not self._rest[0].packs or self._work.done()

    def _hopeless(self) -> bool:
        """Whether no whole rows from here can beat the best plan."""
        made = sum(rows for _, rows in self._left.plan_parts)
        return made + whole_rows(self._program.rows) >= self._best.packs

    def _dive(self) -> None:
        """Keep whole rows, finish greedily from there, and keep the plan if it is the best yet."""
        self._left.take(self._program.patterns, self._program.rows_of_patterns)
        self._rest = greedy_plans(self._left.histogram(), self._at_most)
        rest = min(self._rest, key=lambda plan: plan.packs)
        plan = PackingPlan.of(rest.row_length, [*self._left.plan_parts, *rest.patterns])
        if plan.packs < self._best.packs:
            self._best = plan
        self._dives_one_over += self._best.packs - whole_rows(self._bound) <= 1
        self._work.count(dives=1)
