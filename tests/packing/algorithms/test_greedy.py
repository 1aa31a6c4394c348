"""Longest-pack-first and shortest-pack-first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.lpfhp import pack_longest_first
from migrator.packing.algorithms.plan import PackingPlan
from migrator.packing.algorithms.spfhp import pack_shortest_first
from tests.packing.algorithms.histograms import histograms, limits

BOTH = pytest.mark.parametrize("pack", [pack_longest_first, pack_shortest_first])
Packing = Callable[[LengthHistogram, int | None], PackingPlan]


@BOTH
@given(histogram=histograms, at_most=limits)
def test_every_sequence_exactly_once_within_the_limits(
    pack: Packing, histogram: LengthHistogram, at_most: int | None
) -> None:
    pack(histogram, at_most).check(histogram, at_most)


def one_by_one(histogram: LengthHistogram, at_most: int | None, fullest: bool) -> PackingPlan:
    """The same choice for each sequence alone: slow, and plainly right."""
    rows: list[list[int]] = []
    room = histogram.row_length
    for length, count in histogram.longest_first():
        for _ in range(count):
            fits = [row for row in rows if sum(row) + length <= room and (at_most is None or len(row) < at_most)]
            if fits:
                (max if fullest else min)(fits, key=sum).append(length)
            else:
                rows.append([length])
    return PackingPlan.of(room, [(tuple(row), 1) for row in rows])


SMALL = histograms.map(lambda found: LengthHistogram(tuple(count % 6 for count in found.counts[:12])))


@given(histogram=SMALL)
def test_rows_filled_together_are_as_many_as_filled_one_by_one(histogram: LengthHistogram) -> None:
    assert pack_longest_first(histogram).packs == one_by_one(histogram, None, fullest=True).packs
    assert pack_shortest_first(histogram).packs == one_by_one(histogram, None, fullest=False).packs


def test_the_fullest_row_with_room_is_taken() -> None:
    data = LengthHistogram.from_lengths([7, 6, 3], row_length=10)
    assert pack_longest_first(data).patterns == (((7, 3), 1), ((6,), 1))


def test_the_emptiest_row_is_taken() -> None:
    data = LengthHistogram.from_lengths([7, 6, 3], row_length=10)
    assert pack_shortest_first(data).patterns == (((7,), 1), ((6, 3), 1))


@BOTH
def test_one_sequence_a_row_packs_nothing(pack: Packing) -> None:
    assert pack(LengthHistogram((5, 3)), 1).packs == 8


@BOTH
def test_a_limit_below_one_is_refused(pack: Packing) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        pack(LengthHistogram((5, 3)), 0)
