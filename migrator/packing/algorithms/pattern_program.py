"""The linear program over patterns, grown column by column and solved warm (HiGHS, primal simplex: new columns
leave the last solution feasible).

Minimise the number of rows; every length is covered at least as often as it occurs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import highspy
import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.plan import Pattern
from migrator.packing.algorithms.work import Work

_PRIMAL = 4  # HiGHS' option simplex_strategy


class PatternProgram:
    def __init__(self, lengths: Sequence[int]) -> None:
        self._row_of = {length: row for row, length in enumerate(lengths)}
        self.patterns: list[Pattern] = []
        self._known: set[Pattern] = set()
        self._highs = highspy.Highs()
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("threads", 1)  # the same plan whatever the machine
        self._highs.setOptionValue("simplex_strategy", _PRIMAL)
        self._highs.setOptionValue("presolve", "off")
        for _ in lengths:
            self._highs.addRow(0.0, highspy.kHighsInf, 0, np.array([], dtype=np.int32), np.array([]))

    def add(self, patterns: Iterable[Pattern]) -> int:
        """How many of them were new."""
        fresh = [pattern for pattern in dict.fromkeys(patterns) if pattern not in self._known]
        for pattern in fresh:
            held = Counter(pattern)
            rows = np.array([self._row_of[length] for length in held], dtype=np.int32)
            times = np.array(list(held.values()), dtype=np.float64)
            self._highs.addCol(1.0, 0.0, highspy.kHighsInf, len(rows), rows, times)
        self.patterns += fresh
        self._known.update(fresh)
        return len(fresh)

    def cover(self, counts: Sequence[int]) -> None:
        """From now on so many of each length, which was none at first."""
        for row, count in enumerate(counts):
            self._highs.changeRowBounds(row, float(count), highspy.kHighsInf)

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
