"""The first pass: every input shard is read once, checked, and its sequences go into the spill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from migrator.packing.blocks import Block, blocks
from migrator.packing.faults import RowFault, ShardError, row_error
from migrator.packing.memory import Memory
from migrator.packing.parallel import ordered
from migrator.packing.progress import Progress
from migrator.packing.sequences.compaction import Compact, Unfit, compact
from migrator.packing.sequences.padded import faults_of, sequences_of
from migrator.packing.shards.bands import Band, bands
from migrator.packing.shards.shard import Shard
from migrator.packing.spill.drawing import SpillIndex
from migrator.packing.spill.files import SpilledRows, SpillFiles


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
    parts: list[SpilledRows]
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
        read: list[ReadBlock] = []
        with closing(ordered(self._read, self._blocks(memory), memory.workers)) as found:
            for one in found:
                self._check(one)
                read.append(one)
                done += one.block.stop - one.block.start
                if one.block.stop == rows[one.block.shard]:
                    self._finish(read)
                    read = []
                progress("reading", done, total)

    def _blocks(self, memory: Memory) -> Iterator[Block]:
        """Of the shards that are not spilled; one without rows is finished too, or left out."""
        first = len(self._spill.shards)
        of_shard = {
            number: list(own) for number, own in groupby(blocks(self._shards, memory), lambda block: block.shard)
        }
        for number in range(first, len(self._shards)):
            yield from of_shard.get(number) or [Block(number, 0, 0)]

    def _read(self, block: Block) -> ReadBlock:
        shard = self._shards[block.shard]
        try:
            if isinstance(shard, ShardError):
                raise shard
            found = bands(shard, block.start, block.stop)
            return ReadBlock(block, [self._spilled(block.shard, band) for band in found])
        except ShardError as error:
            return ReadBlock(block, [], error)

    def _spilled(self, shard: int, band: Band) -> SpilledRows:
        faults: list[RowFault] = []
        form = self._spill.form
        found = compact(band, self._limits.longest, self._limits.most_masked, form)
        if found is Unfit.FAULT:
            rows = band.arrays()
            faults = faults_of(rows, self._limits.longest, self._limits.most_masked)
            keep = np.ones(len(rows["input_ids"]), bool)
            keep[[fault.row for fault in faults]] = False
            found = Compact.of(sequences_of(rows, keep), form)
        if isinstance(found, Unfit):
            raise WideIdsError
        self._spill.write(shard, band.first, found.words, found.masked_words)
        index = SpillIndex(found.lengths, found.masked_counts, found.labels)
        return SpilledRows(band.first, index, [replace(fault, row=band.first + fault.row) for fault in faults])

    def _check(self, read: ReadBlock) -> None:
        if self._skip_bad:
            return
        if read.error is not None:
            raise read.error
        for part in read.parts:
            if part.faults:
                raise row_error(self._shards[read.block.shard].path, part.faults[0])

    def _finish(self, read: Sequence[ReadBlock]) -> None:
        """All blocks of a shard."""
        errors = [one.error for one in read if one.error is not None]
        self._spill.finish([part for one in read for part in one.parts], errors[0].what if errors else "")
