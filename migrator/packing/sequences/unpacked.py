"""Sequences out of packed rows, whoever made them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from migrator.packing.keys import LABEL_KEY, Arrays
from migrator.packing.sequences.ragged import Ints, Sequences


def sequences_in(rows: Arrays) -> Sequences:
    """All sequences of packed rows without faults, row after row."""
    mask = rows["input_mask"]
    real = mask != 0
    begins, lengths, owners = _runs(mask)
    masked = rows["masked_lm_positions"] != 0
    at, there = np.nonzero(masked)
    places = rows["masked_lm_positions"][masked].astype(np.int64)
    owner = _owner(mask, owners, at, places)
    order = np.argsort(owner, kind="stable")  # rows may name their masked tokens in any order of the sequences
    weights = rows["next_sentence_weights"] != 0
    return Sequences(
        lengths=lengths,
        tokens=rows["input_ids"][real],
        segments=rows["segment_ids"][real],
        masked_counts=np.bincount(owner, minlength=len(lengths)),
        masked_positions=(places - begins[owner])[order],
        masked_ids=rows["masked_lm_ids"][at, there][order],
        labels=rows[LABEL_KEY][weights],
    )


def _runs(mask: Ints) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of every sequence: where in its row it begins, its length; and [N + 1] the sequences before each row."""
    before = np.zeros_like(mask)
    before[:, 1:] = mask[:, :-1]
    row, begin = np.nonzero((mask != 0) & (mask != before))
    per_row = np.bincount(row, minlength=len(mask))
    totals = np.count_nonzero(mask, axis=1)
    ends = np.append(begin[1:], 0)
    last = np.append(row[1:] != row[:-1], True) if len(row) else np.zeros(0, bool)
    ends[last] = totals[row[last]]
    return begin, ends - begin, np.concatenate([[0], np.cumsum(per_row)])


def _owner(mask: Ints, owners: NDArray[np.int64], at: Ints, places: Ints) -> NDArray[np.int64]:
    """Of masked tokens in rows `at`: which of all sequences each is in."""
    numbers = mask[at, places].astype(np.int64)
    return np.asarray(owners[at] + numbers - 1)


def per_row_counts(rows: Arrays) -> NDArray[np.int64]:
    """[N], sequences of each row, by its weights."""
    return np.asarray(np.count_nonzero(rows["next_sentence_weights"], axis=1))


def holds_anything(rows: Arrays) -> NDArray[np.bool_]:
    """[N], whether any number in a row is not 0."""
    found = np.zeros(len(rows["input_mask"]), bool)
    for array in rows.values():
        found |= array.any(axis=1)
    return found
