from __future__ import annotations

import pytest
from hypothesis import given, settings

from migrator.packing.algorithms.column_generation import pack_by_columns
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.limit import default_limit, find_limit
from tests.packing.algorithms.histograms import histograms, long_tailed


@settings(deadline=None, max_examples=50)
@given(histogram=histograms)
def test_it_is_the_smallest_that_is_nearly_as_good_as_none(histogram: LengthHistogram) -> None:
    """Shown with plans and bounds: rows are whole, so a plan may have a few more than the linear program."""
    limit = default_limit(histogram)
    without = pack_by_columns(histogram)
    assert pack_by_columns(histogram, limit).bound <= without.plan.packs / 0.995 + 1
    if limit > 1:
        assert pack_by_columns(histogram, limit - 1).plan.packs > without.bound / 0.995


@pytest.mark.parametrize(
    ("counts", "limit"),
    [((0,), 1), ((5,), 1), ((5, 0, 0), 3), ((0, 0, 5), 1), ((4, 4, 0, 0), 3), ((0, 0, 0, 7, 7, 0, 0, 0, 0), 2)],
)
def test_small_cases(counts: tuple[int, ...], limit: int) -> None:
    assert default_limit(LengthHistogram(counts)) == limit


def test_a_large_data_set_of_short_sequences_needs_a_higher_one() -> None:
    data = long_tailed(128, 100_000, spread=0.9)
    limit = default_limit(data)
    assert limit == 7
    assert pack_by_columns(data, limit).plan.factor >= 0.994 * pack_by_columns(data).plan.factor
    assert pack_by_columns(data, limit - 1).plan.factor < 0.995 * pack_by_columns(data).plan.factor


@settings(deadline=None, max_examples=50)
@given(histogram=histograms)
def test_packing_goes_on_with_the_work_on_the_limit_to_the_plan_that_it_has_anyway(histogram: LengthHistogram) -> None:
    found = find_limit(histogram)
    assert pack_by_columns(histogram, found.at_most, started=found.program) == pack_by_columns(histogram, found.at_most)


SAWTOOTH = LengthHistogram((*((128 - length) * (length % 3) for length in range(1, 128)), 1000))
HARMONIC = LengthHistogram(tuple(1000 // length for length in range(1, 101)))


@pytest.mark.parametrize(("data", "complete"), [(SAWTOOTH, False), (HARMONIC, True)])
def test_where_the_program_tells_the_limit_it_is_handed_on(data: LengthHistogram, complete: bool) -> None:
    found = find_limit(data)
    assert found.program
    assert found.program.solutions
    assert found.program.complete is complete
    assert pack_by_columns(data, found.at_most, started=found.program) == pack_by_columns(data, found.at_most)
