"""Packed rows as they are deflated: a chunk of every dataset, its bytes in planes."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from migrator.packing.compiled import loops
from migrator.packing.sequences.rows import Drawn, RowFormat, packed_rows
from migrator.packing.sequences.words import WordFormat
from migrator.packing.shards.chunk_code import planes

Planes = Mapping[str, NDArray[np.uint8]]  # of each dataset [bytes of a number, height, width]


class RowPlanes:
    """Makes chunks of `height` rows; those that are not given are 0. Safe in threads."""

    def __init__(self, form: RowFormat, words: WordFormat, height: int) -> None:
        self._form = form
        self._words = words
        self._height = height
        self._own = threading.local()

    def filled(self, drawn: Drawn) -> Planes:
        """The datasets of a packed shard for these rows; valid until the thread asks for the next."""
        if loops is None:
            return self._by_numpy(drawn)
        form, words, own = self._form, self._words, self._buffers()
        sizes = self._height, form.row_length, form.masked_width, form.per_row
        loops.fill(
            drawn.words, drawn.masked_words, drawn.per_row, drawn.lengths, drawn.masked_counts, drawn.starts,
            drawn.masked_starts, drawn.labels, *own.values(), sizes,
            (words.id_bits, words.token.itemsize, form.dtypes["input_mask"].itemsize),
        )  # fmt: skip
        return own

    def _by_numpy(self, drawn: Drawn) -> Planes:
        rows = packed_rows(drawn, self._words, self._form)
        return {key: planes(array, self._height, self._form.dtypes[key]) for key, array in rows.items()}

    def _buffers(self) -> Planes:
        """Of this thread, made once: planes that no number is wide enough for stay 0."""
        if not hasattr(self._own, "planes"):
            self._own.planes = {
                key: np.zeros((dtype.itemsize, self._height, self._form.width(key)), np.uint8)
                for key, dtype in self._form.dtypes.items()
            }
        own: Planes = self._own.planes
        return own
