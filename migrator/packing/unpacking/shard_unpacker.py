"""One packed shard into one unpacked shard, in blocks on all cores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from migrator.packing.blocks import Block, blocks
from migrator.packing.faults import ShardError
from migrator.packing.keys import Arrays
from migrator.packing.memory import Memory
from migrator.packing.parallel import ordered
from migrator.packing.sequences.packed_faults import packed_faults
from migrator.packing.sequences.padded import padded_rows
from migrator.packing.sequences.ragged import Sequences
from migrator.packing.sequences.regrouped import joined, regrouped
from migrator.packing.sequences.unpacked import holds_anything, sequences_in
from migrator.packing.shards.bands import bands
from migrator.packing.shards.shard import Shard
from migrator.packing.shards.writing import EncodedRows, ShardFile, chunk_rows, encode
from migrator.packing.unpacking.unpacked_form import UnpackedForm


@dataclass(frozen=True)
class _Group:
    """Sequences that become one chunk of every dataset."""

    start: int  # in the shard
    sequences: Sequences


class ShardUnpacker:
    """Writes shards of one form."""

    def __init__(self, form: UnpackedForm, memory: Memory) -> None:
        self._form = form
        self._memory = memory
        self._chunk = chunk_rows(form.columns)

    def run(self, shard: Shard, count: int, path: Path) -> Iterator[int]:
        """Write the `count` sequences of a shard; yields how many are written so far. Raises `ShardError`."""
        file, written = ShardFile(path, count, self._form.columns), 0
        try:
            for group, encoded in ordered(self._encoded, self._groups(shard), self._memory.workers):
                written += len(group.sequences)
                if written > count:
                    break
                file.write(encoded)
                yield written
        finally:
            file.close()
        if written != count:
            raise ShardError(shard.path, f"it holds other than the {count} sequences counted before: run again")

    def _groups(self, shard: Shard) -> Iterator[_Group]:
        found = ordered(lambda block: _read(shard, block), blocks([shard], self._memory), self._memory.workers)
        start = 0
        for sequences in regrouped(found, self._chunk):
            yield _Group(start, sequences)
            start += len(sequences)

    def _encoded(self, group: _Group) -> tuple[_Group, EncodedRows]:
        rows = padded_rows(group.sequences, self._form.row_length, self._form.masked_width)
        typed = {key: rows[key].astype(dtype, copy=False) for key, dtype in self._form.dtypes.items()}
        return group, encode(typed, group.start, self._chunk)


def _read(shard: Shard, block: Block) -> Sequences:
    return joined([_sequences(shard, band.arrays(), band.first) for band in bands(shard, block.start, block.stop)])


def _sequences(shard: Shard, rows: Arrays, first: int) -> Sequences:
    places = np.flatnonzero(holds_anything(rows))
    if len(places) < len(rows["input_mask"]):  # other packers may fill up their last rows with nothing
        rows = {key: array[places] for key, array in rows.items()}
    if faults := packed_faults(rows):
        row = first + int(places[faults[0].row])
        raise ShardError(shard.path, f"row {row} {faults[0].what}", hint="`migrate pack --check` names all faults")
    return sequences_in(rows)
