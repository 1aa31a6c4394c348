"""Packing by non-negative least squares, for comparison (arXiv 2107.02027, section 3.2 and its appendix).

The strategies are all ways to fill a row exactly with at most 3 sequences; how often each is used comes from the least
squares fit to the histogram, rounded. Where that asks for more sequences of a length than there are, their places stay
empty; the sequences that no strategy took get a row each. This gives the published figures, to all their digits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from migrator.errors import UsageError
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.least_squares import NonNegativeLeastSquares
from migrator.packing.algorithms.plan import PackingPlan, Pattern

MOST_SEQUENCES = 3  # the paper's; with 4 a row of 512 has near a million ways to be full
_SHORT = 8  # tokens; up to here a place left empty costs little, so a misfit weighs little
_SHORT_WEIGHT = 0.09


@dataclass(frozen=True)
class LeastSquaresPlan:
    """A plan, and whether the fit was reached before the time was over."""

    plan: PackingPlan
    complete: bool


def pack_by_least_squares(histogram: LengthHistogram, at_most: int | None, seconds: float = 600.0) -> LeastSquaresPlan:
    """`at_most` sequences a row, 1 to 3; raises `UsageError` for others, which have too many strategies."""
    if at_most is None or at_most > MOST_SEQUENCES:
        asked = "any number" if at_most is None else f"{at_most}"
        raise UsageError(
            f"nnlshp packs at most {MOST_SEQUENCES} a row, not {asked}: with more there are too many patterns",
            hint=f"ask for at most {MOST_SEQUENCES} a row, or use near-optimal",
        )
    strategies = list(full_rows(histogram.row_length, at_most))
    entries = np.full((len(strategies), at_most), -1, dtype=np.int64)
    for at, strategy in enumerate(strategies):
        entries[at, : len(strategy)] = np.array(strategy) - 1
    weights = np.where(np.arange(1, histogram.row_length + 1) <= _SHORT, _SHORT_WEIGHT, 1.0)
    fit = NonNegativeLeastSquares(entries, weights, np.array(histogram.counts, dtype=np.float64))
    rows = np.rint(fit.solve(seconds)).astype(np.int64)
    used = [(strategies[index], int(rows[index])) for index in np.flatnonzero(rows).tolist()]
    return LeastSquaresPlan(_repaired(histogram, used), fit.complete)


def full_rows(row_length: int, at_most: int) -> Iterator[Pattern]:
    """Every way to fill a row exactly with 1 to 3 sequences."""
    yield (row_length,)
    if at_most >= 2:
        yield from ((row_length - short, short) for short in range(1, row_length // 2 + 1))
    if at_most >= 3:
        for shortest in range(1, row_length // 3 + 1):
            room = row_length - shortest
            yield from ((room - short, short, shortest) for short in range(shortest, room // 2 + 1))


def _repaired(histogram: LengthHistogram, used: list[tuple[Pattern, int]]) -> PackingPlan:
    """Places without a sequence are emptied, sequences without a place start a row each."""
    asked: Counter[int] = Counter()
    for pattern, rows in used:
        for length in pattern:
            asked[length] += rows
    counts = Counter(dict(enumerate(histogram.counts, start=1)))
    alone = [((length,), counts[length] - asked[length]) for length in counts if counts[length] > asked[length]]
    surplus = asked - counts
    emptied = [part for pattern, rows in used for part in _without(pattern, rows, surplus)]
    return PackingPlan.of(histogram.row_length, [*emptied, *alone])


def _without(pattern: Pattern, rows: int, surplus: Counter[int]) -> Iterator[tuple[Pattern, int]]:
    """These rows without as much of the surplus as they hold, which is taken from it."""
    for at, length in enumerate(pattern):
        fewer = min(rows, surplus[length])
        if fewer:
            surplus[length] -= fewer
            rest = pattern[:at] + pattern[at + 1 :]
            if rest:
                yield from _without(rest, fewer, surplus)
            rows -= fewer
    if rows:
        yield pattern, rows
