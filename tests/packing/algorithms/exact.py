"""The fewest rows of a few sequences, by trying every row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations


def fewest_rows(lengths: Sequence[int], row_length: int, at_most: int) -> int:
    """Every row that holds the first sequence left is tried."""

    @cache
    def fewest(left: tuple[int, ...]) -> int:
        if not left:
            return 0
        others = range(1, len(left))
        rows = (row for size in range(at_most) for row in combinations(others, size))
        fitting = (row for row in rows if left[0] + sum(left[at] for at in row) <= row_length)
        return 1 + min(fewest(tuple(left[at] for at in others if at not in row)) for row in fitting)

    return fewest(tuple(sorted(lengths)))
