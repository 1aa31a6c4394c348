"""What is looked for in rows of any kind: one answer for each row."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from migrator.packing.faults import RowFault
from migrator.packing.sequences.ragged import Ints

Bools = NDArray[np.bool_]

LARGEST_ID = 2**24 - 1  # of a token: wide words keep that many (words.py)
LARGEST_SEGMENT = 127  # a byte, as upstream's shards have it


def first_faults(checks: Iterable[tuple[Bools, str]]) -> dict[int, RowFault]:
    """The first fault of each row that has any; each check says which rows [N] fail it."""
    found: dict[int, RowFault] = {}
    for wrong, what in checks:
        for row in np.flatnonzero(wrong).tolist():
            found.setdefault(row, RowFault(row, what))
    return {row: found[row] for row in sorted(found)}


def has_gap(real: Bools) -> Bools:
    """[N], whether a later element is set where an earlier one is not."""
    return np.asarray(np.any(real[:, 1:] & ~real[:, :-1], axis=1))


def outside(values: Ints, low: int, high: int | None) -> Bools:
    """[N], whether a row holds a number below or above the range."""
    if not values.size or (values.min() >= low and (high is None or values.max() <= high)):
        return np.zeros(len(values), bool)
    wrong = values < low if high is None else (values < low) | (values > high)
    return np.asarray(np.any(wrong, axis=1))


def differ(values: Ints, real: Bools) -> Bools:
    """[N], whether numbers other than 0 stand where nothing is real."""
    if np.count_nonzero(values) == np.count_nonzero(values[real]):
        return np.zeros(len(values), bool)
    return np.asarray(np.any((values != 0) & ~real, axis=1))
