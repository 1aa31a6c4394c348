"""Packing algorithms on histograms of lengths: rows over the bound, sequences a row, seconds.

python benchmarks/packing_plan.py FOLDER    (JSON files with `counts_by_length_1_based`)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from migrator.errors import UsageError
from migrator.packing.algorithms.bound import whole_rows
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.limit import default_limit
from migrator.packing.algorithms.solve import Algorithm, solve
from migrator.packing.histogram_file import read_histogram

LIMITS = (3, 4, 16, None)
SECONDS = 30.0
# Synthetic lengths, exp(N(mean, deviation)): tokens a row, sequences, mean, deviation, limits.
HARD = (
    (2048, 1_000_000, 5.6, 0.8, (3, 8, None)),
    (2048, 1_000_000, 5.6, 1.2, (3, 8, None)),
    (2048, 1_000_000, 6.2, 0.6, (3, 8, None)),
    (2048, 10_000, 5.6, 0.8, (3, 8, None)),
    (8192, 1_000_000, 6.5, 1.0, (8,)),
)


def log_normal(row_length: int, sequences: int, mean: float, deviation: float) -> LengthHistogram:
    """Longer ones are cut to the row."""
    lengths = np.exp(np.random.default_rng(0).normal(mean, deviation, sequences))
    whole = np.clip(lengths.astype(int), 1, row_length)
    return LengthHistogram(tuple(np.bincount(whole, minlength=row_length + 1)[1:].tolist()))


def cases(folder: Path) -> Iterator[tuple[str, LengthHistogram, int | None]]:
    """Every histogram in the folder with every limit, then the synthetic ones."""
    for path in sorted(folder.glob("*.json")):
        histogram = read_histogram(path)
        yield from ((path.stem, histogram, at_most) for at_most in LIMITS)
    for row_length, sequences, mean, deviation, limits in HARD:
        histogram = log_normal(row_length, sequences, mean, deviation)
        name = f"{row_length}, {sequences // 1000}k of exp N({mean}, {deviation})"
        yield from ((name, histogram, at_most) for at_most in limits)


def compare(name: str, histogram: LengthHistogram, at_most: int | None) -> None:
    """One line for each algorithm; the first one's bound holds for all."""
    bound = 0.0
    for algorithm in Algorithm:
        try:
            solved = solve(histogram, algorithm, at_most, SECONDS)
        except UsageError:  # not with this limit
            continue
        solved.plan.check(histogram, at_most)
        bound = bound or solved.bound
        over = solved.plan.packs - whole_rows(bound)
        print(
            f"{name:<31}{at_most or 'any':>5}  {algorithm.value:<13}{solved.plan.packs:>11,}{bound:>14,.1f}{over:>10,}"
            f"{over / whole_rows(bound):>10.4%}{solved.plan.factor:>9.5f}{solved.plan.efficiency:>9.2%}"
            f"{len(solved.plan.patterns):>9,}{solved.seconds:>8.2f}{'  time limit' * solved.stopped_by_clock}",
            flush=True,
        )


def main() -> None:
    """All cases, and the limit that each data set gets where nobody says one."""
    print(
        f"{'data':<31}{'limit':>5}  {'algorithm':<13}{'rows':>11}{'bound':>14}{'over':>10}{'':>10}"
        f"{'factor':>9}{'filled':>9}{'patterns':>9}{'seconds':>8}"
    )
    seen: dict[str, LengthHistogram] = {}
    for name, histogram, at_most in cases(Path(sys.argv[1])):
        compare(name, histogram, at_most)
        seen[name] = histogram
    for name, histogram in seen.items():
        print(f"{name:<31} default limit {default_limit(histogram)}")


if __name__ == "__main__":
    main()
