from __future__ import annotations

from functools import cache
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.packing.algorithms.column_generation import pack_by_columns
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.lpfhp import pack_longest_first
from tests.packing.algorithms.histograms import histograms, limits


@settings(deadline=None)
@given(histogram=histograms, at_most=limits)
def test_every_sequence_exactly_once_and_never_worse_than_greedy(
    histogram: LengthHistogram, at_most: int | None
) -> None:
    found = pack_by_columns(histogram, at_most)
    found.plan.check(histogram, at_most)
    assert found.gap >= -1e-6
    assert found.plan.packs <= pack_longest_first(histogram, at_most).packs


@settings(deadline=None)
@given(st.lists(st.integers(1, 12), max_size=8), st.integers(1, 4))
def test_the_bound_holds(lengths: list[int], at_most: int) -> None:
    """Against the true optimum, found by trying every row that holds the first sequence left."""

    @cache
    def fewest(left: tuple[int, ...]) -> int:
        if not left:
            return 0
        others = range(1, len(left))
        rows = (row for size in range(at_most) for row in combinations(others, size))
        fitting = (row for row in rows if left[0] + sum(left[at] for at in row) <= 12)
        return 1 + min(fewest(tuple(left[at] for at in others if at not in row)) for row in fitting)

    found = pack_by_columns(LengthHistogram.from_lengths(lengths, 12), at_most)
    optimum = fewest(tuple(sorted(lengths)))
    assert found.bound <= optimum + 1e-6
    assert optimum <= found.plan.packs


def bumpy() -> LengthHistogram:
    return LengthHistogram(tuple((length * 7919) % 1009 + 300 * (length > 150) for length in range(1, 201)))


def test_it_closes_the_gap_that_greedy_leaves() -> None:
    greedy = pack_longest_first(bumpy(), 3)
    found = pack_by_columns(bumpy(), 3)
    assert found.gap <= 2
    assert greedy.packs - found.plan.packs > 10


def test_without_time_it_still_packs_everything_and_tells_the_gap() -> None:
    found = pack_by_columns(bumpy(), 3, seconds=0.0)
    found.plan.check(bumpy(), 3)
    assert found.plan == pack_longest_first(bumpy(), 3)
    assert found.gap > 0


def test_the_same_data_gives_the_same_plan() -> None:
    assert pack_by_columns(bumpy(), 4) == pack_by_columns(bumpy(), 4)
