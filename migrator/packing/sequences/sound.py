"""Sequences out of padded rows that nothing is wrong with: the common case, at a third of what it costs to find faults.

Every row is checked as strictly as `padded.faults_of` does, but by totals over all rows: whether something is wrong
somewhere, not where.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.keys import LABEL_KEY, Arrays
from migrator.packing.sequences.ragged import Ints, Sequences
from migrator.packing.sequences.row_checks import LARGEST_ID, LARGEST_SEGMENT


def sound_sequences(rows: Arrays, longest: int, most_masked: int) -> Sequences | None:
    """The sequences of all rows; None if a row has a fault."""
    real, masked = rows["input_mask"] != 0, rows["masked_lm_positions"] != 0
    lengths, counts = _leading(real), _leading(masked)
    found = Sequences(
        lengths,
        rows["input_ids"][real],
        rows["segment_ids"][real],
        counts,
        rows["masked_lm_positions"][masked],
        rows["masked_lm_ids"][masked],
        rows[LABEL_KEY],
    )
    sound = (
        _within(lengths, 1, longest)
        and _within(counts, 0, most_masked)
        and len(found.tokens) == lengths.sum()
        and len(found.masked_ids) == counts.sum()
        and _within(rows["input_mask"], 0, 1)
        and _within(found.tokens, 0, LARGEST_ID)
        and _within(found.segments, 0, LARGEST_SEGMENT)
        and _within(found.masked_ids, 0, LARGEST_ID)
        and _within(found.labels, -128, 127)
        and _nothing_else(rows["input_ids"], found.tokens)
        and _nothing_else(rows["segment_ids"], found.segments)
        and _nothing_else(rows["masked_lm_ids"], found.masked_ids)
        and _within(found.masked_positions, 1, longest)
        and bool(np.all(found.masked_positions < np.repeat(lengths.astype(found.masked_positions.dtype), counts)))
    )
    return found if sound else None


def _leading(real: NDArray[np.bool_]) -> NDArray[np.int64]:
    """[N], how many elements are set before the first that is not."""
    if not real.shape[1]:
        return np.zeros(len(real), np.int64)
    first = real.argmin(axis=1)
    return np.asarray(np.where(real[np.arange(len(real)), first], real.shape[1], first))


def _within(values: NDArray[Any], low: int, high: int) -> bool:
    return not values.size or bool(values.min() >= low and values.max() <= high)


def _nothing_else(all_values: Ints, values: Ints) -> bool:
    """Whether all numbers but 0 are among those taken out."""
    return bool(np.count_nonzero(all_values) == np.count_nonzero(values))
