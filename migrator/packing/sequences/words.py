"""A token and its segment in one number, a masked token and its position in another: half as much to store and gather.

Narrow words hold what vocabularies of up to 32,768 tokens need, wide ones up to 16,777,216.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.sequences.ragged import Ints, Sequences

LONGEST = 2**16 - 1  # a masked token's position takes 16 bits of its word


@dataclass(frozen=True)
class WordFormat:
    token: np.dtype[Any]
    masked: np.dtype[Any]
    id_bits: int

    def holds(self, sequences: Sequences) -> bool:
        """Whether these sequences can be written as such words."""
        ids = max(sequences.tokens.max(initial=0), sequences.masked_ids.max(initial=0))
        segments = 8 * self.token.itemsize - self.id_bits
        return bool(ids < 2**self.id_bits and sequences.segments.max(initial=0) < 2**segments)

    def tokens(self, sequences: Sequences) -> NDArray[Any]:
        """The words of the tokens and their segments."""
        words: NDArray[Any] = sequences.tokens.astype(self.token)
        words |= sequences.segments.astype(self.token) << self.token.type(self.id_bits)
        return words

    def masked_tokens(self, sequences: Sequences) -> NDArray[Any]:
        """The words of the masked tokens and their positions."""
        words: NDArray[Any] = sequences.masked_ids.astype(self.masked) << self.masked.type(16)
        words |= sequences.masked_positions.astype(self.masked)
        return words

    def ids(self, words: NDArray[Any]) -> NDArray[Any]:
        """Token ids, of the words' type."""
        return np.asarray(words & self.token.type(2**self.id_bits - 1))

    def segments(self, words: NDArray[Any]) -> NDArray[np.uint8]:
        """Segment ids."""
        return np.asarray(words >> self.token.type(self.id_bits)).astype(np.uint8)

    def masked_ids(self, words: NDArray[Any]) -> Ints:
        """The ids of masked tokens."""
        return np.asarray(words >> self.masked.type(16))

    def masked_positions(self, words: NDArray[Any]) -> Ints:
        """Their positions in their sequences."""
        return np.asarray(words & self.masked.type(2**16 - 1))


NARROW = WordFormat(np.dtype("<u2"), np.dtype("<u4"), id_bits=15)
WIDE = WordFormat(np.dtype("<u4"), np.dtype("<u8"), id_bits=24)
