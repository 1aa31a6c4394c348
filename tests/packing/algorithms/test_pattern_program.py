from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.packing.algorithms.even_counts import EvenRows, Step, even_rows
from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.algorithms.pattern_program import PatternProgram
from migrator.packing.algorithms.work import Limits, Work
from tests.packing.algorithms.histograms import histograms, long_tailed


def program_of(histogram: LengthHistogram, even: EvenRows) -> PatternProgram:
    occurring = list(histogram.longest_first())
    program = PatternProgram([length for length, _ in occurring], [count for _, count in occurring])
    program.add((length,) for length, _ in occurring)
    program.add(step.pattern for step in even.steps)
    return program


def test_its_optimum_and_prices() -> None:
    program = PatternProgram([7, 3], [4, 11])
    assert program.add([(7,), (7, 3), (3, 3, 3), (7, 3)]) == 3
    assert program.add([(7,)]) == 0
    assert program.solve(Work(Limits()))
    assert program.rows().tolist() == pytest.approx([0, 4, 7 / 3])
    assert program.prices().tolist() == pytest.approx([2 / 3, 1 / 3])


@settings(deadline=None)
@given(histogram=histograms, data=st.data())
def test_the_optimum_is_the_same_wherever_it_starts(histogram: LengthHistogram, data: st.DataObject) -> None:
    """Also where steps in another order, or some of them, are no basis."""
    even = even_rows(histogram, data.draw(st.integers(1, 5)))
    plain, started = program_of(histogram, even), program_of(histogram, even)
    steps: list[Step] = data.draw(st.permutations(even.steps))
    started.start_from(steps[: data.draw(st.integers(0, len(steps)))])
    assert plain.solve(Work(Limits())) == started.solve(Work(Limits())) == bool(even.steps)
    assert started.rows().sum() == pytest.approx(plain.rows().sum())


def test_started_from_a_packing_it_is_nearly_solved() -> None:
    data = long_tailed(256, 100_000, spread=0.9)
    even = even_rows(data, 6)
    plain, started = program_of(data, even), program_of(data, even)
    started.start_from(even.steps)
    few = Limits(pivots=100.0 * 256)
    assert started.solve(Work(few))
    assert not plain.solve(Work(few))
