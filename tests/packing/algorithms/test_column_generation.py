from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.packing.algorithms.bound import BoundKind
from migrator.packing.algorithms.column_generation import pack_by_columns
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.lpfhp import pack_longest_first
from migrator.packing.algorithms.work import Limits
from tests.packing.algorithms.exact import fewest_rows
from tests.packing.algorithms.histograms import histograms, limits, long_tailed


@settings(deadline=None)
@given(histogram=histograms, at_most=limits)
def test_every_sequence_exactly_once_and_never_worse_than_greedy(
    histogram: LengthHistogram, at_most: int | None
) -> None:
    found = pack_by_columns(histogram, at_most)
    found.plan.check(histogram, at_most)
    assert found.gap >= 0
    assert found.plan.packs <= pack_longest_first(histogram, at_most).packs
    assert not found.stopped_by_clock


@settings(deadline=None)
@given(st.lists(st.integers(1, 12), max_size=8), st.integers(1, 4))
def test_the_bound_holds_and_tiny_cases_are_optimal_but_for_a_row(lengths: list[int], at_most: int) -> None:
    found = pack_by_columns(LengthHistogram.from_lengths(lengths, 12), at_most)
    optimum = fewest_rows(lengths, 12, at_most)
    assert found.bound <= optimum + 1e-6
    assert optimum <= found.plan.packs <= optimum + 1


def bumpy() -> LengthHistogram:
    return LengthHistogram(tuple((length * 7919) % 1009 + 300 * (length > 150) for length in range(1, 201)))


def test_it_closes_the_gap_that_greedy_leaves() -> None:
    greedy = pack_longest_first(bumpy(), 3)
    found = pack_by_columns(bumpy(), 3)
    assert found.gap <= 2
    assert greedy.packs - found.plan.packs > 10
    assert found.bound_kind is BoundKind.LINEAR_PROGRAM


@pytest.mark.parametrize("at_most", [3, 4, 8, None])
def test_data_shaped_like_real_data_is_packed_within_5_rows_of_the_bound(at_most: int | None) -> None:
    histogram = long_tailed(512, 1_000_000, spread=0.9, cut=0.2)
    found = pack_by_columns(histogram, at_most)
    found.plan.check(histogram, at_most)
    assert found.gap <= 5


@pytest.mark.slow
def test_many_lengths_and_a_limit_that_matters_are_no_harder() -> None:
    histogram = long_tailed(2048, 1_000_000, spread=0.8)
    found = pack_by_columns(histogram, 8)
    found.plan.check(histogram, 8)
    assert found.gap / found.plan.packs < 0.005


def test_without_time_it_still_packs_everything_and_tells_the_gap_and_the_reason() -> None:
    found = pack_by_columns(bumpy(), 3, Limits(seconds=0.0))
    found.plan.check(bumpy(), 3)
    assert found.stopped_by_clock
    assert found.bound_kind is BoundKind.COUNTS
    assert found.gap > 0


@pytest.mark.parametrize("limits", [Limits(pivots=1e3), Limits(additions=1e4), Limits(dives=0)])
def test_what_ends_by_counted_work_is_the_same_again_and_has_a_true_bound(limits: Limits) -> None:
    data = long_tailed(256, 50_000, spread=0.9)
    found = pack_by_columns(data, 6, limits)
    found.plan.check(data, 6)
    assert not found.stopped_by_clock
    assert found == pack_by_columns(data, 6, limits)
    best = pack_by_columns(data, 6)
    assert found.bound <= best.plan.packs < found.plan.packs


def test_the_same_data_gives_the_same_plan() -> None:
    assert pack_by_columns(bumpy(), 4) == pack_by_columns(bumpy(), 4)
