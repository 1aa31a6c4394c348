"""How many sequences there are of each length: all that an algorithm needs to know of a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class LengthHistogram:
    """`counts[i]` sequences have length i + 1; a row has room for `len(counts)` tokens."""

    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.counts:
            raise ValueError("a histogram of lengths needs at least length 1")
        for length, count in enumerate(self.counts, start=1):
            if count < 0:
                raise ValueError(f"{count} sequences of length {length}: a count cannot be negative")

    @classmethod
    def from_lengths(cls, lengths: Iterable[int], row_length: int) -> LengthHistogram:
        found = Counter(lengths)
        for length in found:
            if not 1 <= length <= row_length:
                raise ValueError(f"a sequence of length {length} does not fit: lengths are 1 to {row_length}")
        return cls(tuple(found[length] for length in range(1, row_length + 1)))

    @property
    def row_length(self) -> int:
        return len(self.counts)

    @property
    def sequences(self) -> int:
        return sum(self.counts)

    @property
    def tokens(self) -> int:
        return sum(length * count for length, count in enumerate(self.counts, start=1))

    def longest_first(self) -> Iterator[tuple[int, int]]:
        """Each length that occurs, with its count."""
        for length in range(self.row_length, 0, -1):
            if count := self.counts[length - 1]:
                yield length, count
