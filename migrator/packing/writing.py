"""The second pass: packed rows are drawn from the spill and written, shard after shard."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from migrator.packing.assignment import RowOrder
from migrator.packing.parallel import ordered
from migrator.packing.progress import Progress
from migrator.packing.sequences.ragged import starts_of
from migrator.packing.sequences.row_planes import RowPlanes
from migrator.packing.sequences.rows import RowFormat
from migrator.packing.sequences.words import WordFormat
from migrator.packing.shards.chunk_code import deflated
from migrator.packing.shards.writing import Column, EncodedRows, ShardFile, chunk_rows
from migrator.packing.spill.drawing import Spill

_AHEAD = 8  # deflated parts, a MiB or so each: the threads go on while a whole file's checksum is taken


@dataclass(frozen=True)
class ShardPart:
    """Rows that are made together and go into one file."""

    name: str
    first: int  # number of the file's first row among all rows
    rows: int  # of the file
    start: int  # in the file
    stop: int

    @property
    def last(self) -> bool:
        """Whether the file ends with it."""
        return self.stop == self.rows


@dataclass(frozen=True)
class WrittenShard:
    name: str
    rows: int
    sequences: int
    sha256: str


def shard_names(count: int) -> list[str]:
    """Names that sort as they count; upstream's trainers take only files with `training` in their name."""
    digits = max(4, len(str(count - 1)))
    return [f"packed_training_{number:0{digits}d}.hdf5" for number in range(count)]


class RowWriter:
    """Writes all rows of one packing into a folder, a file aside until it is whole."""

    def __init__(self, folder: Path, order: RowOrder, form: RowFormat, words: WordFormat, spill: Spill) -> None:
        self._folder = folder
        self._order = order
        self._spill = spill
        self._begins = starts_of(order.per_row)
        self._columns = {key: Column(dtype, form.width(key)) for key, dtype in form.dtypes.items()}
        self._chunk = chunk_rows(self._columns)
        self._planes = RowPlanes(form, words, self._chunk)

    def run(self, count: int, done: Sequence[WrittenShard], workers: int, progress: Progress) -> Iterator[WrittenShard]:
        """Write the shards of `count` that are not `done`; each is yielded once it is whole."""
        total, written = len(self._order.sequences), sum(shard.sequences for shard in done)
        file: ShardFile | None = None
        with closing(ordered(self._made, self._parts(count, len(done)), workers, _AHEAD)) as made:
            try:
                for part, encoded in made:
                    path = self._folder / f"{part.name}.part"
                    file = file or ShardFile(path, part.rows, self._columns)
                    file.write(encoded)
                    written += self._sequences(part.first + part.start, part.first + part.stop)
                    progress("writing", written, total)
                    if part.last:
                        file.close()
                        file = None
                        yield self._finished(part, path)
            finally:
                if file is not None:
                    file.close()

    def _parts(self, count: int, skip: int) -> Iterator[ShardPart]:
        """A chunk of every dataset at a time: what is made then stays in a core's cache."""
        borders = shard_borders(len(self._order.per_row), count)
        for number, name in enumerate(shard_names(count)):
            first, end = borders[number], borders[number + 1]
            for start in range(0, end - first, self._chunk) if number >= skip else ():
                stop = min(start + self._chunk, end - first)
                yield ShardPart(name, first, end - first, start, stop)

    def _made(self, part: ShardPart) -> tuple[ShardPart, EncodedRows]:
        low, high = part.first + part.start, part.first + part.stop
        per_row = self._order.per_row[low:high]
        first = int(self._begins[low])
        sequences = self._order.sequences[first : first + int(per_row.sum(dtype=np.int64))]
        chunks = self._planes.filled(self._spill.draw(sequences, per_row))
        return part, EncodedRows(part.start, self._chunk, {key: [deflated(chunk)] for key, chunk in chunks.items()})

    def _sequences(self, low: int, high: int) -> int:
        return int(self._order.per_row[low:high].sum(dtype=np.int64))

    def _finished(self, part: ShardPart, aside: Path) -> WrittenShard:
        path = aside.with_suffix("")
        digest = file_digest(aside)
        aside.replace(path)
        sequences = self._sequences(part.first, part.first + part.stop)
        return WrittenShard(part.name, part.rows, sequences, digest)


def shard_borders(rows: int, count: int) -> list[int]:
    """Where each of `count` shards begins, and the end; sizes differ by one row at most."""
    return [rows * number // count for number in range(count + 1)]


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**22):
            digest.update(block)
    return digest.hexdigest()
