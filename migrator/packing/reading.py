"""The first pass: every input shard is read once, checked, and its sequences go into the spill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np

from migrator.packing.blocks import Block, blocks
from migrator.packing.faults import RowFault, ShardError, row_error
from migrator.packing.keys import Arrays
from migrator.packing.memory import Memory
from migrator.packing.parallel import ordered
from migrator.packing.progress import Progress
from migrator.packing.sequences.compaction import Compact, Unfit, compact
from migrator.packing.sequences.padded import faults_of, sequences_of
from migrator.packing.sequences.words import WordFormat
from migrator.packing.shards.bands import rows_in_bands
from migrator.packing.shards.shard import Shard
from migrator.packing.spill import SpillIndex
from migrator.packing.spill_files import SpillFiles, SpillPart


class WideIdsError(Exception):
    """An id or a segment that narrow words cannot hold; reading starts again with wide ones."""


@dataclass(frozen=True)
class Limits:
    """What a sequence may be at most."""

    longest: int
    most_masked: int


@dataclass(frozen=True)
class ReadBlock:
    block: Block
    parts: list[SpillPart]
    error: ShardError | None = None


class Reader:
    """Reads the shards that `spill` does not hold yet."""

    def __init__(self, shards: Sequence[Shard | ShardError], limits: Limits, spill: SpillFiles, skip_bad: bool) -> None:
        self._shards = shards
        self._limits = limits
        self._spill = spill
        self._skip_bad = skip_bad

    def run(self, memory: Memory, progress: Progress) -> None:
        """Raises `ShardError` at the first fault, unless bad rows and files are to be skipped."""
        rows = [shard.rows if isinstance(shard, Shard) else 0 for shard in self._shards]
        total, done = sum(rows), sum(rows[: len(self._spill.shards)])
        with closing(ordered(self._read, self._blocks(memory), memory.workers)) as found:
            for read in found:
                self._take(read)
                done += read.block.stop - read.block.start
                if read.block.stop == rows[read.block.shard]:
                    self._spill.finish()
                progress("reading", done, total)

    def _blocks(self, memory: Memory) -> Iterator[Block]:
        for number in range(len(self._spill.shards), len(self._shards)):
            own = [replace(block, shard=number) for block in blocks([self._shards[number]], memory)]
            yield from own or [Block(number, 0, 0)]  # a shard without rows is finished too, or left out

    def _read(self, block: Block) -> ReadBlock:
        shard, form = self._shards[block.shard], self._spill.form
        try:
            if isinstance(shard, ShardError):
                raise shard
            bands = rows_in_bands(shard, block.start, block.stop)
            return ReadBlock(block, [self._compact(rows, first, form) for first, rows in bands])
        except ShardError as error:
            return ReadBlock(block, [], error)

    def _compact(self, rows: Arrays, first: int, form: WordFormat) -> SpillPart:
        faults: list[RowFault] = []
        found = compact(rows, self._limits.longest, self._limits.most_masked, form)
        if found is Unfit.FAULT:
            faults = faults_of(rows, self._limits.longest, self._limits.most_masked)
            keep = np.ones(len(rows["input_ids"]), bool)
            keep[[fault.row for fault in faults]] = False
            found = Compact.of(sequences_of(rows, keep), form)
        if isinstance(found, Unfit):
            raise WideIdsError
        index = SpillIndex(found.lengths, found.masked_counts, found.labels)
        in_file = [replace(fault, row=first + fault.row) for fault in faults]
        return SpillPart(index, found.words, found.masked_words, in_file)

    def _take(self, read: ReadBlock) -> None:
        if read.error is not None and not self._skip_bad:
            raise read.error
        if read.error is not None:
            self._spill.leave_out(read.error.what)
        for part in read.parts:
            if part.faults and not self._skip_bad:
                raise row_error(self._shards[read.block.shard].path, part.faults[0])
            self._spill.append(part)
