"""A packing plan: which lengths share a row, and how many rows are made that way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from migrator.packing.algorithms.histogram import LengthHistogram

Pattern = tuple[int, ...]  # the lengths in one row, longest first


def most_in_a_row(row_length: int, at_most: int | None) -> int:
    """The limit of sequences, or as many as there are tokens where there is none; ValueError for one below 1."""
    if at_most is not None and at_most < 1:
        raise ValueError(f"at most {at_most} sequences a row: at least 1 is needed")
    return row_length if at_most is None else at_most


@dataclass(frozen=True)
class PackingPlan:
    row_length: int
    patterns: tuple[tuple[Pattern, int], ...]  # each pattern once, with the number of rows

    @classmethod
    def of(cls, row_length: int, parts: Iterable[tuple[Pattern, int]]) -> PackingPlan:
        """Equal patterns are joined and sorted, so that one packing has one plan."""
        rows: Counter[Pattern] = Counter()
        for pattern, count in parts:
            rows[tuple(sorted(pattern, reverse=True))] += count
        return cls(row_length, tuple(sorted((item for item in rows.items() if item[1]), reverse=True)))

    @property
    def packs(self) -> int:
        return sum(count for _, count in self.patterns)

    @property
    def sequences(self) -> int:
        return sum(len(pattern) * count for pattern, count in self.patterns)

    @property
    def tokens(self) -> int:
        return sum(sum(pattern) * count for pattern, count in self.patterns)

    @property
    def factor(self) -> float:
        """Sequences a row; 1 is the unpacked data. An empty plan packs nothing, so it gains nothing."""
        return self.sequences / self.packs if self.packs else 1.0

    @property
    def efficiency(self) -> float:
        """The share of the rows' tokens that is not padding."""
        return self.tokens / (self.packs * self.row_length) if self.packs else 1.0

    @property
    def most_sequences(self) -> int:
        return max((len(pattern) for pattern, _ in self.patterns), default=0)

    def check(self, histogram: LengthHistogram, at_most: int | None = None) -> None:
        """Every sequence exactly once, no row over its length or number of sequences; else ValueError."""
        if self.row_length != histogram.row_length:
            raise ValueError(f"the plan is for rows of {self.row_length}, the data for {histogram.row_length}")
        used: Counter[int] = Counter()
        for pattern, count in self.patterns:
            self._check_row(pattern, count, at_most)
            for length in pattern:
                used[length] += count
        for length, count in enumerate(histogram.counts, start=1):
            if used[length] != count:
                raise ValueError(f"{count} sequences have length {length}, the plan packs {used[length]}")

    def _check_row(self, pattern: Pattern, count: int, at_most: int | None) -> None:
        if count < 1 or not pattern or min(pattern) < 1:
            raise ValueError(f"{count} rows of the lengths {pattern}: a row holds sequences, each with tokens")
        if sum(pattern) > self.row_length:
            raise ValueError(f"the lengths {pattern} need {sum(pattern)} tokens, a row has {self.row_length}")
        if at_most is not None and len(pattern) > at_most:
            raise ValueError(f"{len(pattern)} sequences share a row, {at_most} may")
