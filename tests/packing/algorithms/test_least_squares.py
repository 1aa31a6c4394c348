from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.packing.algorithms.least_squares import Array, NonNegativeLeastSquares

ROWS = 5
columns = st.lists(st.tuples(*[st.integers(-1, ROWS - 1)] * 3).filter(lambda found: max(found) >= 0), max_size=6)
targets = st.lists(st.floats(0, 100), min_size=ROWS, max_size=ROWS)


def dense(entries: list[tuple[int, ...]]) -> Array:
    found = np.zeros((ROWS, len(entries)))
    for at, rows in enumerate(entries):
        for row in rows:
            if row >= 0:
                found[row, at] += 1
    return found


def least_misfit(matrix: Array, target: Array) -> float:
    """Over every choice of columns, where its own optimum is from 0 up: one of them is the constrained optimum."""
    best = float(target @ target)
    for size in range(1, matrix.shape[1] + 1):
        for chosen in combinations(range(matrix.shape[1]), size):
            part = matrix[:, chosen]
            found = np.linalg.lstsq(part, target, rcond=None)[0]
            if (found >= 0).all():
                best = min(best, float(np.sum((part @ found - target) ** 2)))
    return best


@settings(deadline=None)
@given(entries=columns, target=targets)
def test_the_misfit_is_the_least_there_is(entries: list[tuple[int, ...]], target: list[float]) -> None:
    weights = np.array([0.09, 1.0, 1.0, 1.0, 1.0])
    fit = NonNegativeLeastSquares(np.array(entries, dtype=np.int64).reshape(-1, 3), weights, np.array(target))
    found = fit.solve(60.0)
    assert fit.complete
    assert (found >= 0).all()
    matrix, goal = dense(entries) * weights[:, None], np.array(target) * weights
    misfit = float(np.sum((matrix @ found - goal) ** 2))
    assert misfit <= least_misfit(matrix, goal) + 1e-6 * max(1.0, float(goal @ goal))


def test_without_time_it_says_so() -> None:
    fit = NonNegativeLeastSquares(np.array([[0, -1, -1]]), np.ones(1), np.ones(1))
    assert fit.solve(0.0).tolist() == [0.0]
    assert not fit.complete
