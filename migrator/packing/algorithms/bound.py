"""How few rows any packing needs."""

from __future__ import annotations

import math
from enum import Enum

from migrator.packing.algorithms.histogram import LengthHistogram

_ROUNDING = 1e-6  # of floating-point sums over a linear program, relative to one row


class BoundKind(Enum):
    """What a bound comes from, the tightest first."""

    LINEAR_PROGRAM = "linear program over patterns"
    PRICES = "prices of the linear program, before its optimum"
    COUNTS = "numbers of tokens and sequences"


def simple_bound(histogram: LengthHistogram, at_most: int | None = None) -> int:
    """From the number of tokens and of sequences, and for two a row from what fits together."""
    by_tokens = -(-histogram.tokens // histogram.row_length)
    if at_most is None:
        return by_tokens
    return max(by_tokens, rows_of_pairs(histogram) if at_most == 2 else -(-histogram.sequences // at_most))


def rows_of_pairs(histogram: LengthHistogram) -> int:
    """The fewest rows of up to two sequences: the longest goes with the shortest, or alone where not even that fits."""
    left, rows = [0, *histogram.counts], 0
    short, long = 1, histogram.row_length
    while short < long:
        if not left[short]:
            short += 1
        elif not left[long]:
            long -= 1
        else:
            together = min(left[short], left[long]) if short + long <= histogram.row_length else 0
            taken = together or left[long]
            rows += taken
            left[long] -= taken
            left[short] -= together
    return rows + (-(-left[short] // 2) if 2 * short <= histogram.row_length else left[short])


def dual_bound(value_of_all: float, value_of_best_row: float) -> float:
    """At any prices from 0 up, also before the optimum (Farley 1990): the worth of all by the best row."""
    return value_of_all / max(1.0, value_of_best_row)


def whole_rows(bound: float) -> int:
    """Rows are whole, so a bound that is not can be rounded up."""
    return math.ceil(bound - _ROUNDING * max(1.0, abs(bound) * 1e-6))
