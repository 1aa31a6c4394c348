"""Sequences in groups of another size are the same sequences."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from migrator.packing.sequences.ragged import Sequences
from migrator.packing.sequences.regrouped import regrouped


def made(numbers: range) -> Sequences:
    """One sequence for each number, of as many tokens as its last digit says and one more."""
    lengths = np.array([number % 10 + 1 for number in numbers], np.int64)
    counts = lengths // 3
    return Sequences(
        lengths=lengths,
        tokens=np.repeat(np.array(numbers, np.int64), lengths),
        segments=np.ones(lengths.sum(), np.int8),
        masked_counts=counts,
        masked_positions=np.ones(counts.sum(), np.int16),
        masked_ids=np.repeat(np.array(numbers, np.int64), counts),
        labels=np.array(numbers) % 2,
    )


@given(st.lists(st.integers(0, 12), max_size=8), st.integers(1, 7))
def test_regrouped(sizes: list[int], size: int) -> None:
    borders = [0, *accumulate(sizes)]
    parts = [made(range(start, stop)) for start, stop in pairwise(borders)]

    groups = list(regrouped(parts, size))

    assert [data for group in groups for data in group.as_bytes()] == list(made(range(borders[-1])).as_bytes())
    assert [len(group) for group in groups[:-1]] == [size] * (len(groups) - 1)
    assert all(0 < len(group) <= size for group in groups)
