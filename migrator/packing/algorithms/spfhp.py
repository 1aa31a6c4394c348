"""Shortest-pack-first histogram packing: the longest sequence left goes into the emptiest row, if that has room.

Worst fit decreasing on a histogram (arXiv 2107.02027, section 3.1). Sequences of one length that find no room all start
rows of their own, though two of them might share one: this is what gives the published figures, to all their digits.
"""

from __future__ import annotations

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.open_packs import OpenPacks
from migrator.packing.algorithms.plan import PackingPlan


def pack_shortest_first(histogram: LengthHistogram, at_most: int | None = None) -> PackingPlan:
    """`at_most` sequences a row, or any number."""
    packs = OpenPacks(histogram.row_length, at_most)
    for length, count in histogram.longest_first():
        left = count
        while left:
            space = packs.most_space(length)
            if space is None:
                packs.start_alone(length, left)
                break
            left -= packs.fill(space, length, left, each=1)
    return packs.plan()
