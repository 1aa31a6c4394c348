"""The rows that still have room, grouped by how much: what the greedy algorithms search.

Rows of one pattern are kept and filled together, so the work grows with the number of lengths, not of sequences
(histogram packing: Krell, Kosec, Perez, Fitzgibbon, "Efficient Sequence Packing without Cross-contamination",
arXiv 2107.02027, section 3).
"""

from __future__ import annotations

from migrator.packing.algorithms.bit_sets import highest, lowest_from
from migrator.packing.algorithms.plan import PackingPlan, Pattern, most_in_a_row


class OpenPacks:
    def __init__(self, row_length: int, at_most: int | None) -> None:
        self._row_length = row_length
        self._at_most = most_in_a_row(row_length, at_most)
        self._by_space: list[list[tuple[Pattern, int]]] = [[] for _ in range(row_length + 1)]
        self._spaces = 0  # those that some row has, as a bit set
        self._closed: list[tuple[Pattern, int]] = []

    def least_space(self, length: int) -> int | None:
        """That a sequence of this length fits in: the space of the fullest rows with room for it."""
        space = lowest_from(self._spaces, length)
        return space if space >= 0 else None

    def most_space(self, length: int) -> int | None:
        """That of the emptiest rows, where a sequence of this length fits in."""
        space = highest(self._spaces)
        return space if space >= length else None

    def fill(self, space: int, length: int, sequences: int, each: int) -> int:
        """Put up to `each` sequences into every row of one pattern with this space; how many found a place."""
        pattern, rows = self._by_space[space].pop()
        if not self._by_space[space]:
            self._spaces ^= 1 << space
        each = min(each, self._at_most - len(pattern), space // length, sequences)
        filled = min(rows, sequences // each)
        self._keep(pattern, rows - filled)
        self._keep(pattern + (length,) * each, filled)
        return filled * each

    def start(self, length: int, sequences: int) -> None:
        """New rows, each as full of this length as it gets."""
        each = min(self._at_most, self._row_length // length)
        self._keep((length,) * each, sequences // each)
        self._keep((length,) * (sequences % each), int(sequences % each > 0))

    def start_alone(self, length: int, sequences: int) -> None:
        """New rows, one sequence in each."""
        self._keep((length,), sequences)

    def _keep(self, pattern: Pattern, rows: int) -> None:
        if rows:
            space = self._row_length - sum(pattern)
            if space == 0 or len(pattern) == self._at_most:
                self._closed.append((pattern, rows))
            else:
                self._by_space[space].append((pattern, rows))
                self._spaces |= 1 << space

    def plan(self) -> PackingPlan:
        return PackingPlan.of(self._row_length, self._closed + [part for parts in self._by_space for part in parts])
