from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.packing.algorithms.histogram import LengthHistogram


def test_counts_are_by_length_from_one() -> None:
    histogram = LengthHistogram.from_lengths([3, 1, 3], row_length=4)
    assert histogram == LengthHistogram((1, 0, 2, 0))
    assert (histogram.row_length, histogram.sequences, histogram.tokens) == (4, 3, 7)
    assert list(histogram.longest_first()) == [(3, 2), (1, 1)]


@given(st.lists(st.integers(1, 20)))
def test_no_sequence_is_lost(lengths: list[int]) -> None:
    histogram = LengthHistogram.from_lengths(lengths, row_length=20)
    assert histogram.sequences == len(lengths)
    assert histogram.tokens == sum(lengths)


@pytest.mark.parametrize("length", [0, -1, 5])
def test_a_length_that_no_row_holds_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=rf"length {length} does not fit"):
        LengthHistogram.from_lengths([2, length], row_length=4)


def test_bad_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="-1 sequences of length 2"):
        LengthHistogram((1, -1))
    with pytest.raises(ValueError, match="at least length 1"):
        LengthHistogram(())
