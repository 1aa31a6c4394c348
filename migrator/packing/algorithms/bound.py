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
    """From the number of tokens and of sequences alone."""
    by_tokens = -(-histogram.tokens // histogram.row_length)
    return by_tokens if at_most is None else max(by_tokens, -(-histogram.sequences // at_most))


def dual_bound(value_of_all: float, value_of_best_row: float) -> float:
    """At any prices from 0 up, also before the optimum (Farley 1990): the worth of all by the best row."""
    return value_of_all / max(1.0, value_of_best_row)


def whole_rows(bound: float) -> int:
    """Rows are whole, so a bound that is not can be rounded up."""
    return math.ceil(bound - _ROUNDING * max(1.0, abs(bound) * 1e-6))
