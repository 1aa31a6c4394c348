"""Packed rows made the plain way, to compare a packed trainer with: a first fit, filled in one token at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def first_fit(lengths: Sequence[int], row_length: int, per_row: int) -> list[list[int]]:
    """The sequences of each row: every sequence goes into the first row that has room for it."""
    rows: list[list[int]] = []
    for sequence, length in enumerate(lengths):
        fits = (r for r in rows if len(r) < per_row and sum(lengths[s] for s in r) + length <= row_length)
        row = next(fits, None)
        if row is None:
            rows.append(row := [])
        row.append(sequence)
    return rows


def pack(shard: Mapping[str, NDArray[Any]], rows: Sequence[Sequence[int]], per_row: int) -> Arrays:
    """The sequences of an unpacked shard, put into rows of the same length. A row may be empty."""
    masked = (shard["masked_lm_positions"] != 0).sum(axis=1)
    n, s = len(rows), shard["input_ids"].shape[1]
    p = max([1, *(sum(int(masked[i]) for i in row) for row in rows)])
    packed = {
        **{name: np.zeros((n, s), np.int32) for name in ("input_ids", "positions")},
        **{name: np.zeros((n, s), np.int8) for name in ("input_mask", "segment_ids")},
        **{name: np.zeros((n, p), np.int32) for name in ("masked_lm_positions", "masked_lm_ids")},
        "next_sentence_positions": np.zeros((n, per_row), np.int32),
        **{f"next_sentence_{name}": np.zeros((n, per_row), np.int8) for name in ("labels", "weights")},
    }
    for row, sequences in enumerate(rows):
        start = first_masked = 0
        for slot, i in enumerate(sequences):
            length, count = int(shard["input_mask"][i].sum()), int(masked[i])
            here, those = (row, slice(start, start + length)), (row, slice(first_masked, first_masked + count))
            packed["input_ids"][here] = shard["input_ids"][i, :length]
            packed["segment_ids"][here] = shard["segment_ids"][i, :length]
            packed["input_mask"][here] = slot + 1
            packed["positions"][here] = range(length)
            packed["masked_lm_positions"][those] = shard["masked_lm_positions"][i, :count] + start
            packed["masked_lm_ids"][those] = shard["masked_lm_ids"][i, :count]
            packed["next_sentence_positions"][row, slot] = start
            packed["next_sentence_labels"][row, slot] = shard["next_sentence_labels"][i]
            packed["next_sentence_weights"][row, slot] = 1
            start, first_masked = start + length, first_masked + count
    return packed


def write_shard(path: Path, arrays: Mapping[str, NDArray[Any]], compression: str | None = "gzip") -> Path:
    """Write an HDF5 shard, with the folder it lies in."""
    path.parent.mkdir(exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, compression=compression)
    return path
