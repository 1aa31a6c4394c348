"""Random histograms and limits for the property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from migrator.packing.algorithms.histogram import LengthHistogram

counts = st.one_of(st.just(0), st.integers(0, 5), st.integers(0, 100_000))
histograms = st.lists(counts, min_size=1, max_size=40).map(lambda found: LengthHistogram(tuple(found)))
limits = st.one_of(st.none(), st.integers(1, 9))
