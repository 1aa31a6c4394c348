"""The rows that still have room, grouped by how much: what the greedy algorithms search.

Rows of one pattern are kept and filled together, so the work grows with the number of lengths, not of sequences
(histogram packing: Krell, Kosec, Perez, Fitzgibbon, "Efficient Sequence Packing without Cross-contamination",
arXiv 2107.02027, section 3).
"""

from __future__ import annotations

from collections.abc import Iterable

from migrator.packing.algorithms.plan import PackingPlan, Pattern, most_in_a_row


class OpenPacks:
    def __init__(self, row_length: int, at_most: int | None) -> None:
        self._row_length = row_length
        self._at_most = most_in_a_row(row_length, at_most)
        self._by_space: list[list[tuple[Pattern, int]]] = [[] for _ in range(row_length + 1)]
        self._closed: list[tuple[Pattern, int]] = []

    def first_open(self, spaces: Iterable[int]) -> int | None:
        return next((space for space in spaces if self._by_space[space]), None)

    def fill(self, space: int, length: int, sequences: int, each: int) -> int:
        """Put up to `each` sequences into every row of one pattern with this space; how many found a place."""
        pattern, rows = self._by_space[space].pop()
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
            closed = space == 0 or len(pattern) == self._at_most
            (self._closed if closed else self._by_space[space]).append((pattern, rows))

    def plan(self) -> PackingPlan:
        return PackingPlan.of(self._row_length, self._closed + [part for parts in self._by_space for part in parts])
