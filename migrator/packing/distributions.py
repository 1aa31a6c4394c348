"""What a plot of a packing shows: how long the sequences are, and how full the rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.plan import PackingPlan

_EDGES = (0.5, 0.75, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True)
class Bin:
    """So many sequences have a length from `first` to `last`."""

    first: int
    last: int
    count: int


def length_bins(histogram: LengthHistogram, most: int) -> list[Bin]:
    """Of equal width but for the last; at most so many."""
    width = -(-histogram.row_length // most)
    counts = histogram.counts
    starts = range(0, len(counts), width)
    return [Bin(at + 1, min(at + width, len(counts)), sum(counts[at : at + width])) for at in starts]


def fill_labels() -> list[str]:
    """Of the classes that `fill_shares` counts, the fullest first."""
    between = [f"{low * 100:.0f} to {high * 100:.0f} %" for low, high in pairwise(_EDGES)]
    return ["full", *reversed(between), f"under {_EDGES[0] * 100:.0f} %"]


def fill_shares(parts: Iterable[tuple[int, int]], row_length: int) -> list[float]:
    """The share of the rows in each class, the fullest first; `parts`: tokens in a row, and how many such rows."""
    counts = [0] * (len(_EDGES) + 1)
    for tokens, rows in parts:
        counts[sum(tokens < edge * row_length for edge in _EDGES)] += rows
    return [count / max(1, sum(counts)) for count in counts]


def packed(plan: PackingPlan) -> Iterable[tuple[int, int]]:
    """Tokens in a row, and the number of such rows."""
    return ((sum(pattern), rows) for pattern, rows in plan.patterns)


def unpacked(histogram: LengthHistogram) -> Iterable[tuple[int, int]]:
    """The same with one sequence a row."""
    return histogram.longest_first()
