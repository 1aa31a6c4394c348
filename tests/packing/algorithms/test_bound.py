from __future__ import annotations

import pytest

from migrator.packing.algorithms.bound import dual_bound, simple_bound, whole_rows
from migrator.packing.algorithms.histogram import LengthHistogram


def test_tokens_and_sequences_bound_the_rows() -> None:
    data = LengthHistogram((9, 0, 0, 2))
    assert simple_bound(data) == 5
    assert simple_bound(data, 2) == 6


def test_prices_bound_the_rows_before_the_optimum() -> None:
    assert dual_bound(30.0, 1.5) == 20.0
    assert dual_bound(30.0, 0.5) == 30.0


@pytest.mark.parametrize(("bound", "rows"), [(2.0, 2), (2.0000000001, 2), (2.1, 3), (8_143_828.857, 8_143_829)])
def test_a_bound_is_rounded_up_but_for_rounding_errors(bound: float, rows: int) -> None:
    assert whole_rows(bound) == rows
