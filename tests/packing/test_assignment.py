"""Which sequence goes into which row."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.lpfhp import pack_longest_first
from migrator.packing.algorithms.plan import PackingPlan
from migrator.packing.assignment import RowOrder, assign, most_masked


def rows_of(order: RowOrder) -> list[list[int]]:
    ends = np.cumsum(order.per_row, dtype=np.int64)
    return [part.tolist() for part in np.split(order.sequences, ends[:-1])]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=60), st.integers(1, 5), st.integers(0, 2**64))
def test_every_sequence_once_in_rows_of_the_plan(lengths: list[int], at_most: int, seed: int) -> None:
    plan = pack_longest_first(LengthHistogram.from_lengths(lengths, 20), at_most)
    counts = np.random.default_rng(1).integers(0, 4, len(lengths)).astype(np.uint16)

    order = assign(plan, np.array(lengths, np.uint16), counts, seed)

    assert sorted(order.sequences.tolist()) == list(range(len(lengths)))
    patterns = Counter(tuple(lengths[number] for number in row) for row in rows_of(order))
    assert patterns == Counter(dict(plan.patterns))
    assert most_masked(order, counts) == max(sum(counts[row].tolist()) for row in rows_of(order))


def assigned(seed: int) -> RowOrder:
    plan = PackingPlan.of(8, [((4, 4), 500)])
    return assign(plan, np.full(1000, 4, np.uint16), np.zeros(1000, np.uint16), seed)


def test_the_seed_decides() -> None:
    first, again, other = assigned(3), assigned(3), assigned(4)
    assert first.sequences.tolist() == again.sequences.tolist() != other.sequences.tolist()


def test_neighbours_are_parted() -> None:
    apart = np.abs(np.diff(assigned(0).sequences.astype(np.int64)))
    assert np.median(apart) > 1000 / 8


def test_rows_of_one_pattern_are_parted() -> None:
    plan = PackingPlan.of(8, [((8,), 500), ((4, 4), 500)])
    lengths = np.repeat([8, 4], [500, 1000]).astype(np.uint16)

    per_row = assign(plan, lengths, np.zeros(1500, np.uint16), 0).per_row

    assert 400 < np.count_nonzero(np.diff(per_row.astype(int))) < 600


def test_many_masked_tokens_meet_few() -> None:
    """At random some of 500 rows would have nearly twice as many as the mean."""
    counts = np.random.default_rng(1).integers(0, 21, 1000).astype(np.uint16)
    lengths = np.repeat([7, 5], 500).astype(np.uint16)

    order = assign(PackingPlan.of(12, [((7, 5), 500)]), lengths, counts, 0)

    assert counts.reshape(2, 500).sum(axis=0).max() > 37
    assert most_masked(order, counts) <= 23


def test_sums_wider_than_the_type_of_the_counts() -> None:
    counts = np.array([65535, 65535], np.uint16)
    order = assign(PackingPlan.of(2, [((1, 1), 1)]), np.array([1, 1], np.uint16), counts, 0)
    assert most_masked(order, counts) == 131070


def test_no_sequences() -> None:
    nothing = np.zeros(0, np.uint16)
    order = assign(PackingPlan.of(8, []), nothing, nothing, 0)
    assert len(order.sequences) == len(order.per_row) == most_masked(order, nothing) == 0
