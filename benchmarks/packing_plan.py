"""Packing algorithms on histograms of lengths: sequences a row, rows over the bound, seconds.

python benchmarks/packing_plan.py FOLDER    (JSON files with `counts_by_length_1_based`)
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from migrator.packing.algorithms.column_generation import pack_by_columns
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.lpfhp import pack_longest_first
from migrator.packing.algorithms.plan import PackingPlan
from migrator.packing.algorithms.spfhp import pack_shortest_first

LIMITS = (3, 4, 16, None)


def compare(name: str, histogram: LengthHistogram, at_most: int | None) -> None:
    """One line for each algorithm."""
    plans: dict[str, tuple[PackingPlan, float]] = {}
    for way, pack in (("longest first", pack_longest_first), ("shortest first", pack_shortest_first)):
        start = time.perf_counter()
        plans[way] = pack(histogram, at_most), time.perf_counter() - start
    start = time.perf_counter()
    found = pack_by_columns(histogram, at_most)
    plans["columns"] = found.plan, time.perf_counter() - start
    for way, (plan, seconds) in plans.items():
        plan.check(histogram, at_most)
        over = plan.packs - found.bound
        print(
            f"{name:<26}{at_most or 'any':>5}  {way:<15}{plan.packs:>12,}{found.bound:>15,.1f}{over:>12,.1f}"
            f"{plan.factor:>10.6f}{plan.efficiency:>9.2%}{len(plan.patterns):>10,}{seconds:>9.2f}",
            flush=True,
        )


def main() -> None:
    """Every histogram in the folder, with every limit."""
    print(
        f"{'data':<26}{'limit':>5}  {'algorithm':<15}{'rows':>12}{'bound':>15}{'over it':>12}"
        f"{'factor':>10}{'filled':>9}{'patterns':>10}{'seconds':>9}"
    )
    for path in sorted(Path(sys.argv[1]).glob("*.json")):
        histogram = LengthHistogram(tuple(json.loads(path.read_text(encoding="utf-8"))["counts_by_length_1_based"]))
        for at_most in LIMITS:
            compare(path.stem, histogram, at_most)


if __name__ == "__main__":
    main()
