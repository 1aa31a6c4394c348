"""Every row of a data set read once, packed or not: what is wrong with it, and the fingerprints of its sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from migrator.packing.blocks import Block, blocks
from migrator.packing.checks.multisets import Placed
from migrator.packing.faults import RowFault, ShardError
from migrator.packing.inputs import Inputs
from migrator.packing.keys import Arrays
from migrator.packing.memory import Memory
from migrator.packing.parallel import ordered
from migrator.packing.sequences.fingerprints import fingerprints
from migrator.packing.sequences.packed_faults import packed_faults
from migrator.packing.sequences.padded import faults_of, sequences_of
from migrator.packing.sequences.ragged import Sequences
from migrator.packing.sequences.unpacked import per_row_counts, sequences_in
from migrator.packing.shards.bands import bands
from migrator.packing.shards.shard import Shard


def refuse_unreadable(inputs: Inputs) -> None:
    """Raise the first file's `ShardError` where not one file can be opened: there is nothing to look at."""
    if not inputs.readable:
        raise next(shard for shard in inputs.shards if isinstance(shard, ShardError))


@dataclass(frozen=True)
class Kind:
    """How rows of one kind are looked at."""

    faults: Callable[[Arrays], list[RowFault]]
    sequences: Callable[[Arrays], Sequences]
    per_row: Callable[[Arrays], NDArray[np.int64]]


PACKED = Kind(packed_faults, sequences_in, per_row_counts)


def padded(longest: int, most_masked: int) -> Kind:
    """Rows of one sequence each, of so many tokens and masked tokens at most."""
    return Kind(
        lambda rows: faults_of(rows, longest, most_masked),
        sequences_of,
        lambda rows: np.ones(len(rows["input_mask"]), np.int64),
    )


@dataclass(frozen=True)
class Contents:
    """Of some rows; all but the faults is of the rows without any."""

    faults: list[RowFault]  # numbered in their file
    sequences: int
    tokens: int
    masked_tokens: int
    most_sequences: int  # in a row
    placed: Placed  # fingerprints, where they were asked for, and the numbers of their rows

    @classmethod
    def joined(cls, parts: Sequence[Contents]) -> Contents:
        """All parts, in their order."""
        return cls(
            faults=[fault for part in parts for fault in part.faults],
            sequences=sum(part.sequences for part in parts),
            tokens=sum(part.tokens for part in parts),
            masked_tokens=sum(part.masked_tokens for part in parts),
            most_sequences=max((part.most_sequences for part in parts), default=0),
            placed=Placed.joined(part.placed for part in parts),
        )


NOTHING = Contents.joined([])


@dataclass(frozen=True)
class Scanned:
    """Some rows of one shard."""

    shard: int
    rows: int
    contents: Contents
    unreadable: str = ""  # why; empty where they could be read


class Scan:
    """The rows of all shards, numbered through in the order of the files."""

    def __init__(self, inputs: Inputs, kind: Kind) -> None:
        self._inputs = inputs
        self._kind = kind
        self._rows = [shard.rows if isinstance(shard, Shard) else 0 for shard in inputs.shards]
        self._firsts = [0, *accumulate(self._rows)]

    @property
    def rows(self) -> int:
        """Of all shards."""
        return self._firsts[-1]

    def place(self, number: int) -> tuple[int, int]:
        """The shard in which the row of this number is, and its row there."""
        shard = int(np.searchsorted(self._firsts, number, side="right")) - 1
        return shard, number - self._firsts[shard]

    def run(self, memory: Memory, with_prints: bool) -> Iterator[Scanned]:
        """Block after block; with fingerprints only where they are asked for."""
        found = blocks(self._inputs.shards, memory)
        return ordered(lambda block: self._scanned(block, with_prints), found, memory.workers)

    def _scanned(self, block: Block, with_prints: bool) -> Scanned:
        shard = self._inputs.shards[block.shard]
        assert isinstance(shard, Shard)
        try:
            found = bands(shard, block.start, block.stop)
            parts = [
                self._looked_at(band.arrays(), band.first, self._firsts[block.shard], with_prints) for band in found
            ]
        except ShardError as error:
            return Scanned(block.shard, block.stop - block.start, NOTHING, unreadable=error.what)
        return Scanned(block.shard, block.stop - block.start, Contents.joined(parts))

    def _looked_at(self, rows: Arrays, first: int, before: int, with_prints: bool) -> Contents:
        """Rows from `first` on of a shard that begins after `before` others."""
        faults = self._kind.faults(rows)
        keep = np.ones(len(rows["input_mask"]), bool)
        keep[[fault.row for fault in faults]] = False
        if faults:
            rows = {key: array[keep] for key, array in rows.items()}
        sequences, per_row = self._kind.sequences(rows), self._kind.per_row(rows)
        places = np.repeat(np.flatnonzero(keep) + first + before, per_row) if with_prints else np.zeros(0, np.int64)
        return Contents(
            faults=[replace(fault, row=first + fault.row) for fault in faults],
            sequences=len(sequences),
            tokens=len(sequences.tokens),
            masked_tokens=len(sequences.masked_ids),
            most_sequences=int(per_row.max(initial=0)),
            placed=Placed(fingerprints(sequences), places) if with_prints else Placed.joined([]),
        )
