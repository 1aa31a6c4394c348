"""Longest-pack-first, shortest-pack-first and even counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.packing.algorithms.bound import simple_bound
from migrator.packing.algorithms.even_counts import even_rows, pack_evenly
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.lpfhp import pack_longest_first
from migrator.packing.algorithms.plan import PackingPlan
from migrator.packing.algorithms.spfhp import pack_shortest_first
from tests.packing.algorithms.exact import fewest_rows
from tests.packing.algorithms.histograms import histograms, limits, long_tailed

ALL = pytest.mark.parametrize("pack", [pack_longest_first, pack_shortest_first, pack_evenly])
Packing = Callable[[LengthHistogram, int | None], PackingPlan]


@ALL
@given(histogram=histograms, at_most=limits)
def test_every_sequence_exactly_once_within_the_limits(
    pack: Packing, histogram: LengthHistogram, at_most: int | None
) -> None:
    plan = pack(histogram, at_most)
    plan.check(histogram, at_most)
    assert plan.packs >= simple_bound(histogram, at_most)


@ALL
@given(lengths=st.lists(st.integers(1, 12), max_size=8), at_most=st.integers(1, 4))
def test_never_fewer_rows_than_there_must_be(pack: Packing, lengths: list[int], at_most: int) -> None:
    assert pack(LengthHistogram.from_lengths(lengths, 12), at_most).packs >= fewest_rows(lengths, 12, at_most)


def one_by_one(histogram: LengthHistogram, at_most: int | None) -> PackingPlan:
    """Longest-pack-first for each sequence alone: slow, and plainly right."""
    rows: list[list[int]] = []
    room = histogram.row_length
    for length, count in histogram.longest_first():
        for _ in range(count):
            fits = [row for row in rows if sum(row) + length <= room and (at_most is None or len(row) < at_most)]
            if fits:
                max(fits, key=sum).append(length)
            else:
                rows.append([length])
    return PackingPlan.of(room, [(tuple(row), 1) for row in rows])


SMALL = histograms.map(lambda found: LengthHistogram(tuple(count % 6 for count in found.counts[:12])))


@given(histogram=SMALL)
def test_rows_filled_together_are_as_many_as_filled_one_by_one(histogram: LengthHistogram) -> None:
    assert pack_longest_first(histogram).packs == one_by_one(histogram, None).packs


def test_the_fullest_row_with_room_is_taken() -> None:
    data = LengthHistogram.from_lengths([7, 6, 3], row_length=10)
    assert pack_longest_first(data).patterns == (((7, 3), 1), ((6,), 1))


def test_the_emptiest_row_is_taken() -> None:
    data = LengthHistogram.from_lengths([7, 6, 3], row_length=10)
    assert pack_shortest_first(data).patterns == (((7,), 1), ((6, 3), 1))


@ALL
def test_one_sequence_a_row_packs_nothing(pack: Packing) -> None:
    assert pack(LengthHistogram((5, 3)), 1).packs == 8


@ALL
def test_a_limit_below_one_is_refused(pack: Packing) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        pack(LengthHistogram((5, 3)), 0)


def test_sequences_that_find_no_room_start_rows_of_their_own() -> None:
    data = LengthHistogram.from_lengths([4, 4, 4], row_length=10)
    assert pack_shortest_first(data).patterns == (((4,), 3),)


def test_rows_get_even_counts_and_their_last_two_sequences_fill_them() -> None:
    data = LengthHistogram.from_lengths([6, 6, 4, 4, 3, 3, 2, 2], row_length=10)
    assert pack_evenly(data).patterns == (((6, 4), 1), ((6, 2, 2), 1), ((4, 3, 3), 1))


@pytest.mark.parametrize("more", [0, 1])
def test_even_counts_come_close_where_the_limit_leaves_best_fit_far(more: int) -> None:
    data = long_tailed(512, 100_000, spread=0.8)
    bound = simple_bound(data, 8)
    assert pack_evenly(data, 8, more).packs < 1.03 * bound
    assert pack_longest_first(data, 8).packs > 1.1 * bound


@given(histogram=histograms, at_most=limits)
def test_a_step_uses_up_a_length_and_counts_that_did_not_matter_would_not(
    histogram: LengthHistogram, at_most: int | None
) -> None:
    rows = even_rows(histogram, at_most)
    left = Counter(dict(enumerate(histogram.counts, start=1)))
    for step in rows.steps:
        left.subtract({length: times * step.rows for length, times in Counter(step.pattern).items()})
        assert set(step.used_up) == {length for length in step.pattern if left[length] < step.pattern.count(length)}
        assert step.used_up
    assert rows.counts_mattered or pack_evenly(histogram, at_most, more=1) == rows.plan()
