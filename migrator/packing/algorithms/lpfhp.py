"""Longest-pack-first histogram packing: the longest sequence left goes into the fullest row that has room for it.

Best fit decreasing on a histogram (arXiv 2107.02027, section 3.1).
"""

from __future__ import annotations

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.open_packs import OpenPacks
from migrator.packing.algorithms.plan import PackingPlan


def pack_longest_first(histogram: LengthHistogram, at_most: int | None = None) -> PackingPlan:
    """`at_most` sequences a row, or any number."""
    packs = OpenPacks(histogram.row_length, at_most)
    for length, count in histogram.longest_first():
        left = count
        while left:
            space = packs.least_space(length)
            if space is None:
                packs.start(length, left)
                break
            # A row that got one is now the fullest, so it gets as many as fit before the next row is looked at.
            left -= packs.fill(space, length, left, each=space // length)
    return packs.plan()
