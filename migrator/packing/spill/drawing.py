"""All sequences of the input, compact, in a file: read once, then drawn in the order of the packed rows.

About 0.7 kB a sequence of 512-token data; layout.py says where. What is known of every sequence (its length, its
number of masked tokens, its label) is in memory. The files live beside the output until packing is done.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.sequences.ragged import Ints
from migrator.packing.sequences.rows import Drawn
from migrator.packing.sequences.words import WordFormat

_MAPPED = 2**27  # bytes drawn before mapped memory is given back: drawing a byte maps the 64 kB around it


@dataclass(frozen=True)
class SpillIndex:
    """What is known of n sequences."""

    lengths: NDArray[np.uint16]
    masked_counts: NDArray[np.uint16]
    labels: NDArray[np.int8]

    @classmethod
    def joined(cls, parts: Sequence[SpillIndex]) -> SpillIndex:
        """The sequences of all parts, in their order."""
        return cls(
            np.concatenate([part.lengths for part in parts] or [np.zeros(0, np.uint16)]),
            np.concatenate([part.masked_counts for part in parts] or [np.zeros(0, np.uint16)]),
            np.concatenate([part.labels for part in parts] or [np.zeros(0, np.int8)]),
        )

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def tokens(self) -> int:
        return int(self.lengths.sum(dtype=np.int64))

    @property
    def masked_tokens(self) -> int:
        return int(self.masked_counts.sum(dtype=np.int64))


@dataclass(frozen=True)
class Starts:
    """Where the words of n sequences begin, in words."""

    tokens: NDArray[Any]
    masked: NDArray[Any]


@dataclass(frozen=True)
class WordFiles:
    tokens: Path
    masked: Path


class Spill:
    """The words of all sequences, mapped; drawing from it is safe in threads."""

    def __init__(self, files: WordFiles, index: SpillIndex, starts: Starts, form: WordFormat) -> None:
        self._index = index
        self._starts = starts
        self._maps: list[mmap.mmap] = []
        self._drawn = 0
        self._form = form
        self._words, self._masked = self._mapped(files.tokens), self._mapped(files.masked)

    def draw(self, sequences: Ints, per_row: Ints) -> Drawn:
        """These sequences, for rows of `per_row` of them each."""
        lengths, counts = self._index.lengths[sequences], self._index.masked_counts[sequences]
        self._forget(int(lengths.sum(dtype=np.int64)) * self._form.token.itemsize)
        return Drawn(
            per_row=per_row.astype(np.int64),
            lengths=lengths.astype(np.int64),
            masked_counts=counts.astype(np.int64),
            labels=self._index.labels[sequences],
            starts=self._starts.tokens[sequences].astype(np.int64),
            masked_starts=self._starts.masked[sequences].astype(np.int64),
            words=self._words,
            masked_words=self._masked,
        )

    def _forget(self, drawn: int) -> None:
        """Give mapped memory back to the system now and then; the file's pages stay cached as long as it likes."""
        self._drawn += drawn
        if self._drawn > _MAPPED and hasattr(mmap, "MADV_DONTNEED"):
            self._drawn = 0
            for view in self._maps:
                view.madvise(mmap.MADV_DONTNEED)

    def _mapped(self, path: Path) -> memoryview:
        size = path.stat().st_size
        if not size:  # an empty file cannot be mapped
            return memoryview(b"")
        with path.open("rb") as file:
            self._maps.append(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ))
        return memoryview(self._maps[-1])
