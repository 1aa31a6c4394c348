"""Every packing algorithm by its name, with a bound to judge its plan by."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import Any

from migrator.packing.algorithms.bound import BoundKind
from migrator.packing.algorithms.column_generation import pack_by_columns
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.lpfhp import pack_longest_first
from migrator.packing.algorithms.nnlshp import pack_by_least_squares
from migrator.packing.algorithms.plan import PackingPlan
from migrator.packing.algorithms.relaxation import Relaxation
from migrator.packing.algorithms.spfhp import pack_shortest_first
from migrator.packing.algorithms.work import Limits, Work

_FOR_A_BOUND = 1 / 10  # of the work that a near-optimal plan may take


class Algorithm(Enum):
    """The names that the command line takes."""

    NEAR_OPTIMAL = "near-optimal"
    LPFHP = "lpfhp"
    SPFHP = "spfhp"
    NNLSHP = "nnlshp"


@dataclass(frozen=True)
class Solved:
    """A plan and how few rows any packing needs; `seconds` are without those of a limit or a bound found apart."""

    algorithm: Algorithm
    plan: PackingPlan
    bound: float
    bound_kind: BoundKind
    seconds: float
    stopped_by_clock: bool  # else the same data gives the same plan on every machine

    def to_json(self) -> dict[str, Any]:
        """All of it, in JSON's own types."""
        return {
            "algorithm": self.algorithm.value,
            "row_length": self.plan.row_length,
            "patterns": [[list(pattern), rows] for pattern, rows in self.plan.patterns],
            "bound": self.bound,
            "bound_kind": self.bound_kind.value,
            "seconds": self.seconds,
            "stopped_by_clock": self.stopped_by_clock,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Solved:
        """What `to_json` gave."""
        plan = PackingPlan.of(values["row_length"], [(tuple(lengths), rows) for lengths, rows in values["patterns"]])
        return cls(
            Algorithm(values["algorithm"]),
            plan,
            values["bound"],
            BoundKind(values["bound_kind"]),
            values["seconds"],
            values["stopped_by_clock"],
        )


def solve(
    histogram: LengthHistogram,
    algorithm: Algorithm,
    at_most: int | None,
    seconds: float = Limits.seconds,
    started: Relaxation | None = None,
) -> Solved:
    """`at_most` sequences a row, or any number; about `seconds` for the plan, where the algorithm can be stopped.

    Near-optimal goes on with the program `started`, where there is one for the same data and limit, to the same plan.
    Raises `UsageError` where the algorithm cannot do it: nnlshp with more than 3 a row.
    """
    start = time.perf_counter()
    if algorithm is Algorithm.NEAR_OPTIMAL:
        found = pack_by_columns(histogram, at_most, Limits(seconds=seconds), started)
        took = time.perf_counter() - start
        return Solved(algorithm, found.plan, found.bound, found.bound_kind, took, found.stopped_by_clock)
    plan, stopped = _simple_plan(histogram, algorithm, at_most, seconds)
    took = time.perf_counter() - start
    return Solved(algorithm, plan, *_cheap_bound(histogram, at_most, seconds), took, stopped)


def _simple_plan(
    histogram: LengthHistogram, algorithm: Algorithm, at_most: int | None, seconds: float
) -> tuple[PackingPlan, bool]:
    """The plan, and whether the clock stopped it."""
    if algorithm is Algorithm.NNLSHP:
        fitted = pack_by_least_squares(histogram, at_most, seconds)
        return fitted.plan, not fitted.complete
    pack = pack_longest_first if algorithm is Algorithm.LPFHP else pack_shortest_first
    return pack(histogram, at_most), False


def _cheap_bound(histogram: LengthHistogram, at_most: int | None, seconds: float) -> tuple[float, BoundKind]:
    """The optimum of the linear program over patterns where that is cheap, else the best bound on the way to it."""
    full = Limits()
    limits = Limits(seconds, full.pivots * _FOR_A_BOUND, full.additions * _FOR_A_BOUND)
    program = Relaxation(histogram, at_most, Work(limits))
    while program.improve():
        pass
    return program.bound, program.bound_kind
