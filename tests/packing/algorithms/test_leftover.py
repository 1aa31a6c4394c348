from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrator.packing.algorithms.leftover import Leftover
from migrator.packing.algorithms.plan import Pattern

patterns = st.lists(st.integers(1, 6), min_size=1, max_size=4).map(lambda row: tuple(sorted(row, reverse=True)))
solutions = st.dictionaries(patterns, st.floats(0.01, 5), min_size=1, max_size=6)


def sequences(left: Leftover) -> Counter[int]:
    found = Counter(dict(enumerate(left.histogram().counts, start=1)))
    for pattern, rows in left.plan_parts:
        for length in pattern:
            found[length] += rows
    return +found


@given(solutions)
def test_more_rows_are_made_each_time_and_no_sequence_is_lost(solution: dict[Pattern, float]) -> None:
    need: Counter[int] = Counter()
    for pattern, rows in solution.items():
        for length in pattern:
            need[length] += int(np.ceil(rows))
    left = Leftover([need[length] // 2 for length in range(1, 7)])
    before = sequences(left)
    assume(before)
    made = list(left.after(list(solution), np.array(list(solution.values()))))
    assert all(sequences(after) == before for after in made)
    counts = [left.rows, *(after.rows for after in made)]
    assert counts == sorted(set(counts))


def test_whole_rows_come_first_then_the_larger_fractions() -> None:
    left = Leftover([0, 0, 9])
    solution = {(3, 3): 1.2, (3,): 0.7, (3, 3, 3): 0.55, (3, 3, 3, 3): 0.45}
    first, second = left.after(list(solution), np.array(list(solution.values())))
    assert first.plan_parts == [((3, 3), 1), ((3,), 1), ((3, 3, 3), 1)]
    assert second.plan_parts == [*first.plan_parts, ((3, 3), 1)]  # for the row of four there are too few by then
    assert second.histogram().counts == (0, 0, 1)


@pytest.mark.parametrize("rows", [0.75, 1.0])
def test_where_there_are_too_few_sequences_for_any_row_those_left_make_one(rows: float) -> None:
    left = Leftover([0, 0, 3])
    (only,) = left.after([(3,), (2,), (3, 3, 3, 3)], np.array([-0.5, 1.0, rows]))
    assert only.plan_parts == [((3, 3, 3), 1)]
