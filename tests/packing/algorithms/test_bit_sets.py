from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrator.packing.algorithms.bit_sets import bit_set, highest, lowest, lowest_from, up_to

sets = st.sets(st.integers(0, 300))


@given(sets, st.integers(0, 310))
def test_they_answer_as_sets_do(numbers: set[int], number: int) -> None:
    bits = bit_set(numbers)
    assert highest(bits) == max(numbers, default=-1)
    assert lowest(bits) == min(numbers, default=-1)
    assert lowest_from(bits, number) == min((other for other in numbers if other >= number), default=-1)
    assert up_to(bits, number) == bit_set(other for other in numbers if other <= number)
