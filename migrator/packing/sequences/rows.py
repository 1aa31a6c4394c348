"""Packed rows out of sequences: which sequences stand in which row is decided before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.keys import packed_dtypes
from migrator.packing.sequences.padded import prefix
from migrator.packing.sequences.ragged import Ints, runs
from migrator.packing.sequences.row_pieces import RowPieces
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

    def width(self, key: str) -> int:
        """Columns of one dataset."""
        if key.startswith("masked_lm"):
            return self.masked_width
        return self.per_row if key.startswith("next_sentence") else self.row_length


@dataclass(frozen=True)
class Drawn:
    """The n sequences of some rows, in the order of the rows, and where their words are among all."""

    per_row: NDArray[np.int64]  # [rows], sequences
    lengths: NDArray[np.int64]  # [n]
    masked_counts: NDArray[np.int64]  # [n]
    labels: NDArray[np.int8]  # [n]
    starts: NDArray[np.int64]  # [n], in words
    masked_starts: NDArray[np.int64]  # [n], in words of masked tokens
    words: memoryview  # bytes, of all sequences
    masked_words: memoryview


def packed_rows(drawn: Drawn, words: WordFormat, form: RowFormat) -> dict[str, NDArray[Any]]:
    """The datasets of a packed shard for these rows; ids still as narrow as the words are."""
    pieces, dtypes = RowPieces(form.row_length, drawn.per_row, drawn.lengths), form.dtypes
    begins = pieces.begins
    tokens = pieces.drawn(drawn.words, drawn.starts, words.token)
    all_masked = np.frombuffer(drawn.masked_words, words.masked)
    masked_words = all_masked.take(runs(drawn.masked_starts, drawn.masked_counts))
    in_row = words.masked_positions(masked_words) + np.repeat(begins.astype(np.uint32), drawn.masked_counts)
    masked = prefix(pieces.row_sums(drawn.masked_counts), form.masked_width)
    sentences = prefix(pieces.per_row, form.per_row)
    return {
        "input_ids": words.ids(tokens),
        "input_mask": pieces.numbered(dtypes["input_mask"]),
        "segment_ids": words.segments(tokens),
        "positions": pieces.counted(dtypes["positions"]),
        "masked_lm_positions": _placed(masked, in_row, dtypes["masked_lm_positions"]),
        "masked_lm_ids": _placed(masked, words.masked_ids(masked_words), dtypes["masked_lm_ids"]),
        "next_sentence_positions": _placed(sentences, begins, dtypes["next_sentence_positions"]),
        "next_sentence_labels": _placed(sentences, drawn.labels, dtypes["next_sentence_labels"]),
        "next_sentence_weights": sentences.astype(dtypes["next_sentence_weights"]),
    }


def _placed(places: NDArray[np.bool_], values: Ints, dtype: np.dtype[Any]) -> NDArray[Any]:
    out = np.zeros(places.shape, dtype)
    out[places] = values
    return out
