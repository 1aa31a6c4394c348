"""Packed rows out of sequences: which sequences stand in which row is decided before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.keys import packed_dtypes
from migrator.packing.sequences.padded import prefix
from migrator.packing.sequences.ragged import Ints, starts_of, within_runs
from migrator.packing.sequences.words import WordFormat


@dataclass(frozen=True)
class RowFormat:
    """The widths of packed rows: S tokens, P masked tokens, K sequences."""

    row_length: int
    masked_width: int
    per_row: int

    @property
    def dtypes(self) -> Mapping[str, np.dtype[Any]]:
        return packed_dtypes(self.row_length, self.per_row)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row with all its datasets."""
        return sum(self.dtypes[key].itemsize * self.width(key) for key in self.dtypes)

    def width(self, key: str) -> int:
        """Columns of one dataset."""
        if key.startswith("masked_lm"):
            return self.masked_width
        return self.per_row if key.startswith("next_sentence") else self.row_length


@dataclass(frozen=True)
class Drawn:
    """The sequences of some rows, in the order of the rows, as they come from where they were kept."""

    per_row: Ints  # [rows], sequences
    lengths: Ints  # [n]
    masked_counts: Ints  # [n]
    labels: Ints  # [n]
    words: NDArray[Any]  # [sum of lengths]
    masked_words: NDArray[Any]  # [sum of masked_counts]


def packed_rows(drawn: Drawn, words: WordFormat, form: RowFormat) -> dict[str, NDArray[Any]]:
    """The datasets of a packed shard for these rows."""
    slots = within_runs(drawn.per_row)
    begins = _begins(drawn, slots)
    dtypes = form.dtypes
    positions = _counting(drawn.lengths)
    tokens = prefix(_row_sums(drawn.lengths, drawn.per_row), form.row_length)
    masked = prefix(_row_sums(drawn.masked_counts, drawn.per_row), form.masked_width)
    sentences = prefix(drawn.per_row, form.per_row)
    in_row = words.masked_positions(drawn.masked_words) + np.repeat(begins.astype(np.uint32), drawn.masked_counts)
    filled = {
        "input_ids": (tokens, words.ids(drawn.words)),
        "input_mask": (tokens, np.repeat((slots + 1).astype(dtypes["input_mask"]), drawn.lengths)),
        "segment_ids": (tokens, words.segments(drawn.words)),
        "positions": (tokens, positions),
        "masked_lm_positions": (masked, in_row),
        "masked_lm_ids": (masked, words.masked_ids(drawn.masked_words)),
        "next_sentence_positions": (sentences, begins),
        "next_sentence_labels": (sentences, drawn.labels),
        "next_sentence_weights": (sentences, np.ones(len(drawn.lengths), np.int8)),
    }
    return {key: _placed(mask, values, dtypes[key]) for key, (mask, values) in filled.items()}


def _counting(lengths: Ints) -> NDArray[np.int32]:
    """0, 1, 2, ... for each sequence; half as wide as the general way, for the biggest array of all."""
    starts = starts_of(lengths).astype(np.int32)
    out = np.arange(int(np.sum(lengths, dtype=np.int64)), dtype=np.int32)
    out -= np.repeat(starts, lengths)
    return out


def _begins(drawn: Drawn, slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """[n], where in its row each sequence begins."""
    flat = starts_of(drawn.lengths)
    firsts = flat[slots == 0]
    return np.asarray(flat - np.repeat(firsts, drawn.per_row[drawn.per_row > 0]))


def _row_sums(values: Ints, per_row: Ints) -> NDArray[np.int64]:
    ends = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    starts = starts_of(per_row)
    return np.asarray(ends[starts + per_row] - ends[starts])


def _placed(places: NDArray[np.bool_], values: Ints, dtype: np.dtype[Any]) -> NDArray[Any]:
    out = np.zeros(places.shape, dtype)
    out[places] = values
    return out
