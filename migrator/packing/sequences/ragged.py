"""Sequences without padding, one after the other: what is the same in padded and in packed rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Sequences:
    """n sequences. Tokens and masked tokens of all of them stand in two flat arrays, in the order of the sequences."""

    lengths: Ints  # [n], tokens
    tokens: Ints  # [sum of lengths]
    segments: Ints  # [sum of lengths], 0 for sentence A, 1 for B
    masked_counts: Ints  # [n]
    masked_positions: Ints  # [sum of masked_counts], in the sequence, from 1
    masked_ids: Ints  # [sum of masked_counts]
    labels: Ints  # [n], 1 if sentence B does not follow A

    def __len__(self) -> int:
        return len(self.lengths)

    def as_bytes(self) -> Iterator[bytes]:
        """Each sequence as bytes, whatever the types of the arrays: equal if and only if the sequences are."""
        token_ends, masked_ends = np.cumsum(self.lengths, dtype=np.int64), np.cumsum(self.masked_counts, dtype=np.int64)
        parts = [self.tokens, self.segments, self.masked_positions, self.masked_ids]
        tokens, segments, positions, ids = (part.astype("<i8") for part in parts)
        start = first = 0
        for end, last, label in zip(token_ends.tolist(), masked_ends.tolist(), self.labels.tolist(), strict=True):
            head = np.array([end - start, last - first, label], "<i8")
            body = (tokens[start:end], segments[start:end], positions[first:last], ids[first:last])
            yield b"".join(part.tobytes() for part in (head, *body))
            start, first = end, last


def starts_of(counts: Ints) -> NDArray[np.int64]:
    """Where each of several runs begins, if they follow one another."""
    ends = np.cumsum(counts, dtype=np.int64)
    return ends - counts


def within_runs(counts: Ints) -> NDArray[np.int64]:
    """0, 1, 2, ... in each run."""
    return np.arange(int(np.sum(counts, dtype=np.int64))) - np.repeat(starts_of(counts), counts)


def runs(starts: Ints, counts: Ints) -> NDArray[np.int64]:
    """The numbers from each start on, so many of them, one run after the other."""
    return within_runs(counts) + np.repeat(np.asarray(starts, np.int64), counts)
