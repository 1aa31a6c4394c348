"""Near-optimal packing: the linear program over patterns, then whole rows from it, dive after dive.

Each dive keeps the whole part of the program's rows and solves again for what is left; longest-pack-first finishes what
is left at every depth, and the best plan found is kept. It ends when a plan meets the bound, when some dives have not
saved the one row above it, when nothing is left, or at the time limit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from migrator.packing.algorithms.bound import dual_bound, simple_bound, whole_rows
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.leftover import Leftover
from migrator.packing.algorithms.lpfhp import pack_longest_first
from migrator.packing.algorithms.pattern_program import PatternProgram
from migrator.packing.algorithms.plan import PackingPlan
from migrator.packing.algorithms.pricing import BestRows, Prices

_PATIENCE = 1  # dives for the last row, counted, not timed: the same data gives the same plan on every machine


@dataclass(frozen=True)
class NearOptimal:
    plan: PackingPlan
    bound: float  # no packing has fewer rows

    @property
    def gap(self) -> int:
        """Rows more than any packing needs, at most."""
        return self.plan.packs - whole_rows(self.bound)


def pack_by_columns(histogram: LengthHistogram, at_most: int | None = None, seconds: float = 30.0) -> NearOptimal:
    """`at_most` sequences a row, or any number; the best plan found in about this many seconds."""
    return _Search(histogram, at_most, time.perf_counter() + seconds).run()


class _Search:
    def __init__(self, histogram: LengthHistogram, at_most: int | None, deadline: float) -> None:
        self._histogram = histogram
        self._at_most = at_most
        self._deadline = deadline
        self._lengths = [length for length, _ in histogram.longest_first()]
        self._best = pack_longest_first(histogram, at_most)
        self._bound = float(simple_bound(histogram, at_most))
        self._dives_one_over = 0

    def run(self) -> NearOptimal:
        left = Leftover(self._histogram)
        counts = [count for _, count in self._histogram.longest_first()]
        program = PatternProgram(self._lengths, counts)
        program.add((length,) for length in self._lengths)
        program.add(pattern for pattern, _ in self._best.patterns)
        while not self._finished() and any(left.counts(self._lengths)):
            program.cover(left.counts(self._lengths))
            if not self._optimise(program, left) or self._hopeless(program, left):
                break
            left.take(program.patterns, program.rows())
            self._offer(left)
        return NearOptimal(self._best, self._bound)

    def _finished(self) -> bool:
        over = self._best.packs - whole_rows(self._bound)
        return over <= 0 or self._dives_one_over > _PATIENCE or self._left() <= 0

    def _hopeless(self, program: PatternProgram, left: Leftover) -> bool:
        """Whether no whole rows from here can beat the best plan."""
        made = sum(rows for _, rows in left.plan_parts)
        return made + whole_rows(float(program.rows().sum())) >= self._best.packs

    def _left(self) -> float:
        return self._deadline - time.perf_counter()

    def _optimise(self, program: PatternProgram, left: Leftover) -> bool:
        """Solve over all patterns, not only the known; whether there is a solution to go on from."""
        solved = False
        while program.solve(self._left()):
            solved = True
            values = np.maximum(program.prices(), 0.0)
            best = BestRows(Prices(np.array(self._lengths), values), self._histogram.row_length, self._limit())
            if not left.plan_parts:
                self._bound = max(self._bound, self._dual(left.counts(self._lengths), values.tolist(), best.value))
            enough = self._cannot_lower(float(program.rows().sum()), left, values.tolist(), best.value)
            if enough or self._left() <= 0 or not program.add(best.improving()):
                break
        return solved

    def _cannot_lower(self, rows: float, left: Leftover, values: Sequence[float], best_row: float) -> bool:
        """Whether more patterns can no longer save a whole row."""
        return whole_rows(rows) <= whole_rows(self._dual(left.counts(self._lengths), values, best_row))

    def _limit(self) -> int:
        return self._at_most or self._histogram.row_length

    @staticmethod
    def _dual(counts: Sequence[int], values: Sequence[float], best_row: float) -> float:
        worth = math.fsum(count * value for count, value in zip(counts, values, strict=True))
        return dual_bound(worth, best_row)

    def _offer(self, left: Leftover) -> None:
        """Finish greedily from here; keep the plan if it is the best yet."""
        rest = pack_longest_first(left.histogram(), self._at_most)
        plan = PackingPlan.of(self._histogram.row_length, [*left.plan_parts, *rest.patterns])
        if plan.packs < self._best.packs:
            self._best = plan
        self._dives_one_over += self._best.packs - whole_rows(self._bound) <= 1
