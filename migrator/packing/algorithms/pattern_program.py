"""The linear program over patterns, grown column by column and solved warm (HiGHS, primal simplex: new columns
leave the last solution feasible).

Minimise the number of rows; every length is covered at least as often as it occurs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import highspy
import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.even_counts import Step
from migrator.packing.algorithms.plan import Pattern
from migrator.packing.algorithms.work import Work

_PRIMAL = 4  # HiGHS' option simplex_strategy


class PatternProgram:
    def __init__(self, lengths: Sequence[int], counts: Sequence[int]) -> None:
        self._row_of = {length: row for row, length in enumerate(lengths)}
        self.patterns: list[Pattern] = []
        self._known: set[Pattern] = set()
        self._highs = highspy.Highs()
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("threads", 1)  # the same plan whatever the machine
        self._highs.setOptionValue("simplex_strategy", _PRIMAL)
        self._highs.setOptionValue("presolve", "off")
        rows, none = len(lengths), np.zeros(0)
        covered, unbounded = np.array(counts, np.float64), np.full(rows, highspy.kHighsInf)
        self._highs.addRows(rows, covered, unbounded, 0, np.zeros(rows, np.int32), none.astype(np.int32), none)

    def add(self, patterns: Iterable[Pattern]) -> int:
        """How many of them were new."""
        fresh = [pattern for pattern in dict.fromkeys(patterns) if pattern not in self._known]
        column = np.repeat(np.arange(len(fresh)), np.array([len(pattern) for pattern in fresh], np.int64))
        row = np.array([self._row_of[length] for pattern in fresh for length in pattern], np.int64)
        # sequences of one length stand together in a pattern, so each run of them is an entry
        first = np.flatnonzero(np.diff(column, prepend=-1) | np.diff(row, prepend=-1))
        times = np.diff(first, append=len(row)).astype(np.float64)
        starts = np.searchsorted(column[first], np.arange(len(fresh))).astype(np.int32)
        self._add_columns(starts, row[first].astype(np.int32), times)
        self.patterns += fresh
        self._known.update(fresh)
        return len(fresh)

    def _add_columns(self, starts: NDArray[np.int32], rows: NDArray[np.int32], times: NDArray[np.float64]) -> None:
        new, entries = len(starts), len(rows)
        one, none, unbounded = np.ones(new), np.zeros(new), np.full(new, highspy.kHighsInf)
        self._highs.addCols(new, one, none, unbounded, entries, starts, rows, times)

    def start_from(self, steps: Sequence[Step]) -> None:
        """Solve from the rows that these steps make, all of known patterns.

        The pattern of a step is basic, for a length that it used up: no later step has that length, but for a remainder
        too small for another row, so the basis is all but triangular, feasible, and as near to the optimum as the
        steps. What else a step used up keeps its slack in the basis, at zero; so HiGHS does with what is singular.
        """
        basic: set[Pattern] = set()
        at_bound: set[int] = set()
        for step in steps:
            used_up = next((length for length in step.used_up if length not in at_bound), None)
            if used_up is not None:
                basic.add(step.pattern)
                at_bound.add(used_up)
        yes, no = highspy.HighsBasisStatus.kBasic, highspy.HighsBasisStatus.kLower
        basis = highspy.HighsBasis()
        basis.col_status = [yes if pattern in basic else no for pattern in self.patterns]
        basis.row_status = [no if length in at_bound else yes for length in self._row_of]
        basis.valid = True
        self._highs.setBasis(basis)

    def solve(self, work: Work) -> bool:
        """Whether the optimum over the patterns known so far was reached within the limits."""
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + work.seconds_left)
        self._highs.setOptionValue("simplex_iteration_limit", work.pivots_left(len(self._row_of)))
        self._highs.run()
        work.count(pivots=float(self._highs.getInfo().simplex_iteration_count) * len(self._row_of))
        status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kTimeLimit:
            work.clock_ended()
        return bool(status == highspy.HighsModelStatus.kOptimal)

    def rows(self) -> NDArray[np.float64]:
        """How many rows of each pattern, not whole."""
        return np.array(self._highs.getSolution().col_value)

    def prices(self) -> NDArray[np.float64]:
        return np.array(self._highs.getSolution().row_dual)
