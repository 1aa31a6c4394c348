from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.plan import PackingPlan
from migrator.packing.distributions import Bin, fill_labels, fill_shares, length_bins, packed, unpacked


def test_bins_have_one_width_but_for_the_last() -> None:
    assert length_bins(LengthHistogram((1, 2, 3, 4, 5)), 3) == [Bin(1, 2, 3), Bin(3, 4, 7), Bin(5, 5, 5)]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=300), st.integers(1, 80))
def test_every_sequence_is_in_one_of_the_bins(counts: list[int], most: int) -> None:
    bins = length_bins(LengthHistogram(tuple(counts)), most)
    assert len(bins) <= most
    assert sum(found.count for found in bins) == sum(counts)


def test_rows_are_counted_by_how_full_they_are() -> None:
    parts = [(100, 1), (99, 2), (98, 3), (90, 4), (89, 5), (75, 6), (74, 7), (50, 8), (49, 9), (1, 5)]
    shares = dict(zip(fill_labels(), fill_shares(parts, 100), strict=True))
    assert {label: round(share * 50) for label, share in shares.items()} == {
        "full": 1,
        "99 to 100 %": 2,
        "95 to 99 %": 3,
        "90 to 95 %": 4,
        "75 to 90 %": 11,
        "50 to 75 %": 15,
        "under 50 %": 14,
    }


def test_before_and_after() -> None:
    data = LengthHistogram.from_lengths([3, 3, 1], 4)
    plan = PackingPlan.of(4, [((3, 1), 1), ((3,), 1)])
    assert list(unpacked(data)) == [(3, 2), (1, 1)]
    assert sorted(packed(plan)) == [(3, 1), (4, 1)]


def test_no_rows_have_no_shares() -> None:
    assert fill_shares([], 10) == pytest.approx([0.0] * 7)
