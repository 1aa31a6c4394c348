from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from migrator.packing.algorithms.pricing import BestRows, Prices


def best_by_trying(prices: dict[int, float], room: int, at_most: int) -> float:
    rows = (row for size in range(at_most + 1) for row in combinations_with_replacement(prices, size))
    return max(sum(prices[length] for length in row) for row in rows if sum(row) <= room)


@given(st.dictionaries(st.integers(1, 10), st.floats(0, 1), min_size=1, max_size=6), st.integers(1, 4))
def test_the_best_row_is_the_one_found_by_trying_all(prices: dict[int, float], at_most: int) -> None:
    lengths = sorted(prices, reverse=True)
    values = np.array([prices[length] for length in lengths])
    found = BestRows(Prices(np.array(lengths), values), 10, at_most)
    best = best_by_trying(prices, 10, at_most)
    assert abs(found.value - best) < 1e-6
    patterns = found.improving()
    for pattern in patterns:
        assert sum(pattern) <= 10
        assert len(pattern) <= at_most
        assert sum(prices[length] for length in pattern) > 1
    if best > 1 + 1e-6:
        assert abs(sum(prices[length] for length in patterns[0]) - best) < 1e-6


def test_ties_go_to_the_longest() -> None:
    found = BestRows(Prices(np.array([6, 4, 3]), np.array([0.7, 0.4, 0.4])), 10, 2)
    assert found.improving()[0] == (6, 4)
