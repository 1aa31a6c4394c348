"""Histograms and limits for tests: random ones, and ones shaped like real data."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from migrator.packing.algorithms.histogram import LengthHistogram

counts = st.one_of(st.just(0), st.integers(0, 5), st.integers(0, 100_000))
histograms = st.lists(counts, min_size=1, max_size=40).map(lambda found: LengthHistogram(tuple(found)))
limits = st.one_of(st.none(), st.integers(1, 9))


def long_tailed(row_length: int, sequences: int, spread: float, cut: float = 0.0) -> LengthHistogram:
    """Log-normal about a tenth of the row; the share `cut` has the row's own length, as where documents are cut."""
    middle = math.log(row_length / 10)
    density = [
        math.exp(-(((math.log(length) - middle) / spread) ** 2) / 2) / length for length in range(1, row_length + 1)
    ]
    scale = sequences * (1 - cut) / sum(density)
    found = [round(value * scale) for value in density]
    found[-1] += round(sequences * cut)
    return LengthHistogram(tuple(found))
