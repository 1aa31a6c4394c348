"""Packing by least squares."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.errors import UsageError
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.nnlshp import full_rows, pack_by_least_squares
from tests.packing.algorithms.exact import fewest_rows
from tests.packing.algorithms.histograms import histograms


@pytest.mark.parametrize("at_most", [1, 2, 3])
def test_the_strategies_are_all_ways_to_fill_a_row(at_most: int) -> None:
    sizes = range(1, at_most + 1)
    rows = (row for size in sizes for row in combinations_with_replacement(range(12, 0, -1), size))
    assert sorted(full_rows(12, at_most)) == sorted(row for row in rows if sum(row) == 12)


@settings(deadline=None)
@given(histogram=histograms, at_most=st.integers(1, 3))
def test_every_sequence_exactly_once_within_the_limits(histogram: LengthHistogram, at_most: int) -> None:
    found = pack_by_least_squares(histogram, at_most)
    found.plan.check(histogram, at_most)
    assert found.complete


@settings(deadline=None)
@given(st.lists(st.integers(1, 12), max_size=8), st.integers(1, 3))
def test_never_fewer_rows_than_there_must_be(lengths: list[int], at_most: int) -> None:
    found = pack_by_least_squares(LengthHistogram.from_lengths(lengths, 12), at_most)
    assert found.plan.packs >= fewest_rows(lengths, 12, at_most)


def test_what_fits_exactly_is_found() -> None:
    data = LengthHistogram.from_lengths([7, 3] * 40 + [5, 4, 1] * 30, 10)
    assert pack_by_least_squares(data, 3).plan.packs == 70


def test_what_no_strategy_takes_gets_a_row_each() -> None:
    assert pack_by_least_squares(LengthHistogram.from_lengths([6, 6, 6], 10), 2).plan.packs == 3


def test_without_time_everything_is_packed_all_the_same() -> None:
    data = LengthHistogram.from_lengths([7, 3, 5], 10)
    found = pack_by_least_squares(data, 3, seconds=0.0)
    found.plan.check(data, 3)
    assert not found.complete


@pytest.mark.parametrize(("at_most", "asked"), [(4, "not 4"), (None, "not any number")])
def test_more_than_3_a_row_are_refused(at_most: int | None, asked: str) -> None:
    with pytest.raises(UsageError, match=asked) as refused:
        pack_by_least_squares(LengthHistogram((1, 1)), at_most)
    assert "near-optimal" in refused.value.hint
