from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.packing.algorithms.bound import BoundKind, whole_rows
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.solve import Algorithm, Solved, solve
from tests.packing.algorithms.histograms import histograms, long_tailed

DATA = long_tailed(64, 10_000, spread=0.8)


@settings(deadline=None, max_examples=40)
@given(histogram=histograms, at_most=st.integers(1, 3))
def test_all_algorithms_pack_everything_and_their_bounds_agree(histogram: LengthHistogram, at_most: int) -> None:
    found = {algorithm: solve(histogram, algorithm, at_most) for algorithm in Algorithm}
    for algorithm, solved in found.items():
        assert solved.algorithm is algorithm
        solved.plan.check(histogram, at_most)
    best = min(solved.plan.packs for solved in found.values())
    assert best == found[Algorithm.NEAR_OPTIMAL].plan.packs
    assert all(whole_rows(solved.bound) <= best for solved in found.values())


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_it_is_the_same_after_json(algorithm: Algorithm) -> None:
    solved = solve(DATA, algorithm, 3)
    assert Solved.from_json(json.loads(json.dumps(solved.to_json()))) == solved


@pytest.mark.parametrize("algorithm", [Algorithm.LPFHP, Algorithm.SPFHP])
def test_greedy_plans_are_judged_by_the_linear_program(algorithm: Algorithm) -> None:
    solved = solve(DATA, algorithm, 3)
    assert solved.bound_kind is BoundKind.LINEAR_PROGRAM
    assert whole_rows(solved.bound) == whole_rows(solve(DATA, Algorithm.NEAR_OPTIMAL, 3).bound)
    assert not solved.stopped_by_clock


@pytest.mark.parametrize("algorithm", [Algorithm.NEAR_OPTIMAL, Algorithm.NNLSHP])
def test_a_stop_by_the_clock_is_told(algorithm: Algorithm) -> None:
    solved = solve(DATA, algorithm, 3, seconds=0.0)
    solved.plan.check(DATA, 3)
    assert solved.stopped_by_clock
