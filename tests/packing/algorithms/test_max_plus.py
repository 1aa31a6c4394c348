from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.packing.algorithms import max_plus
from migrator.packing.algorithms.max_plus import with_one_more


@pytest.mark.parametrize("cells", [1, 2**15])  # of a block: a room at a time, or all at once
@given(data=st.data(), most=st.integers(1, 30))
def test_the_best_of_all_sums(cells: int, data: st.DataObject, most: int) -> None:
    values = data.draw(st.dictionaries(st.integers(1, most), st.floats(0, 9), min_size=1))
    best = np.array(data.draw(st.lists(st.floats(0, 9), min_size=most + 1, max_size=most + 1)))
    lengths = sorted(values, reverse=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(max_plus, "_CELLS", cells)
        found = with_one_more(best, np.array(lengths), np.array([values[length] for length in lengths]))
    expected = [
        max(best[room], *(best[room - length] + value for length, value in values.items() if length <= room), 0)
        for room in range(most + 1)
    ]
    assert found.tolist() == expected
