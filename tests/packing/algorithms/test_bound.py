from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.packing.algorithms.bound import dual_bound, rows_of_pairs, simple_bound, whole_rows
from migrator.packing.algorithms.histogram import LengthHistogram
from tests.packing.algorithms.exact import fewest_rows


def test_tokens_and_sequences_bound_the_rows() -> None:
    data = LengthHistogram((9, 0, 0, 2))  # the two long ones fill a row each
    assert simple_bound(data) == 5
    assert simple_bound(data, 2) == 7


@pytest.mark.parametrize(("counts", "rows"), [
    ((0, 0, 0, 2), 2), ((2, 0, 0, 2), 3), ((2, 0, 2, 0), 2), ((0, 3, 0, 0), 2), ((1, 0, 2, 0), 2), ((0, 0, 0), 0),
])  # fmt: skip
def test_rows_of_pairs(counts: tuple[int, ...], rows: int) -> None:
    assert rows_of_pairs(LengthHistogram(counts)) == rows


@settings(deadline=None, max_examples=100)
@given(row_length=st.integers(1, 9), data=st.data())
def test_no_packing_of_pairs_has_fewer_rows(row_length: int, data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.integers(1, row_length), max_size=9))
    assert rows_of_pairs(LengthHistogram.from_lengths(lengths, row_length)) == fewest_rows(lengths, row_length, 2)


def test_prices_bound_the_rows_before_the_optimum() -> None:
    assert dual_bound(30.0, 1.5) == 20.0
    assert dual_bound(30.0, 0.5) == 30.0


@pytest.mark.parametrize(("bound", "rows"), [(2.0, 2), (2.0000000001, 2), (2.1, 3), (8_143_828.857, 8_143_829)])
def test_a_bound_is_rounded_up_but_for_rounding_errors(bound: float, rows: int) -> None:
    assert whole_rows(bound) == rows
