"""Rows put together from pieces of bytes: each sequence, then what is left of its row.

Joining slices copies every token once. Placing tokens one by one, or numpy's concatenation of as many arrays, was
measured at three times the cost (docs/packing.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.sequences.ragged import Ints, starts_of, within_runs


@dataclass(frozen=True)
class RowPieces:
    """Rows of `row_length` tokens with `per_row` [rows] sequences each, of these lengths [n]."""

    row_length: int
    per_row: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @cached_property
    def slots(self) -> NDArray[np.int64]:
        """[n], the number of each sequence in its row, from 0."""
        return within_runs(self.per_row)

    @cached_property
    def begins(self) -> NDArray[np.int64]:
        """[n], where in its row each sequence begins."""
        flat = starts_of(self.lengths)
        return np.asarray(flat - np.repeat(flat[self.slots == 0], self.per_row))

    def row_sums(self, values: Ints) -> NDArray[np.int64]:
        """[rows], the sum of the values [n] of each row's sequences."""
        ends = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
        starts = starts_of(self.per_row)
        return np.asarray(ends[starts + self.per_row] - ends[starts])

    def drawn(self, source: memoryview, starts: Ints, dtype: np.dtype[Any]) -> NDArray[Any]:
        """[rows, row_length] of runs of `source`, a view of bytes, that begin at the elements `starts` [n]; then 0."""
        first = self._of_pieces(starts, 0) * dtype.itemsize
        last = first + self._spans * dtype.itemsize
        zeros = memoryview(bytes(self.row_length * dtype.itemsize))
        buffers = (zeros, source)
        pieces = [
            buffers[kind][start:end]
            for kind, start, end in zip(self._kinds.tolist(), first.tolist(), last.tolist(), strict=True)
        ]
        return np.frombuffer(b"".join(pieces), dtype).reshape(len(self.per_row), self.row_length)

    def counted(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        """[rows, row_length], 0, 1, 2, ... in each sequence; then 0."""
        ramp = memoryview(np.arange(self.row_length, dtype=dtype).tobytes())
        return self.drawn(ramp, np.zeros(len(self.lengths), np.int64), dtype)

    def numbered(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        """[rows, row_length], the number of its sequence in the row for every token, from 1; then 0."""
        most = int(self.per_row.max(initial=0))
        numbers = np.arange(most + 1, dtype=dtype)
        each = [memoryview(np.full(self.row_length, number).tobytes()) for number in numbers]
        spans = self._spans * dtype.itemsize
        kinds = self._of_pieces(self.slots + 1, 0)
        pieces = [each[kind][:span] for kind, span in zip(kinds.tolist(), spans.tolist(), strict=True)]
        return np.frombuffer(b"".join(pieces), dtype).reshape(len(self.per_row), self.row_length)

    @cached_property
    def _kinds(self) -> NDArray[np.int64]:
        return self._of_pieces(np.ones(len(self.lengths), np.int64), 0)

    @cached_property
    def _spans(self) -> NDArray[np.int64]:
        return self._of_pieces(self.lengths, self.row_length - self.row_sums(self.lengths))

    def _of_pieces(self, of_sequences: Ints, of_rests: Ints | int) -> NDArray[np.int64]:
        """[n + rows], one number for each piece: the sequences of a row, then its rest."""
        rows = np.arange(len(self.per_row))
        numbers = np.empty(len(self.lengths) + len(rows), np.int64)
        numbers[np.arange(len(self.lengths)) + np.repeat(rows, self.per_row)] = of_sequences
        numbers[np.cumsum(self.per_row) + rows] = of_rests
        return numbers
