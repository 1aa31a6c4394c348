"""The spill on disk while it grows: complete up to the last finished shard, whatever kills the process."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.faults import RowFault
from migrator.packing.sequences.words import WordFormat
from migrator.packing.spill.drawing import Spill, SpillIndex, Starts, WordFiles
from migrator.packing.spill.layout import RowSizes, Runs, WordLayout


@dataclass(frozen=True)
class SpilledRows:
    """Sequences of neighbouring rows of a shard, written as one run, and what was wrong with rows beside them."""

    row: int  # the first one's number in the shard
    index: SpillIndex
    faults: list[RowFault]


@dataclass(frozen=True)
class SpilledShard:
    """What the spill holds of one input shard, and what was left out of it."""

    index: SpillIndex
    runs: Runs
    faults: list[RowFault]
    unreadable: str  # why the whole file was left out; empty where it was not

    @classmethod
    def of(cls, parts: Sequence[SpilledRows], unreadable: str) -> SpilledShard:
        """All rows of a shard, in their order; nothing where it is unreadable."""
        kept = () if unreadable else parts
        runs = [(part.row, len(part.index)) for part in kept]
        return cls(
            SpillIndex.joined([part.index for part in kept]),
            np.array(runs, np.int64).reshape(len(runs), 2),
            [fault for part in kept for fault in part.faults],
            unreadable,
        )


class SpillFiles:
    """A folder with all words in two files, and one small file for each finished shard."""

    def __init__(self, folder: Path, form: WordFormat, sizes: Sequence[RowSizes]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.form = form
        self.shards: list[SpilledShard] = []
        rows = [size.rows for size in sizes]
        self._layouts = (
            WordLayout(rows, [size.tokens for size in sizes]),
            WordLayout(rows, [size.masked for size in sizes]),
        )
        self._paths = WordFiles(folder / "words", folder / "masked")
        while (path := self._index_path(len(self.shards))).is_file():
            self.shards.append(_loaded(path))
        self._files = _opened(self._paths.tokens), _opened(self._paths.masked)
        self._make_room()

    def _make_room(self) -> None:
        """Files as long as the layout, full of holes at first; where they were not, somebody deleted what was there."""
        itemsizes = self.form.token.itemsize, self.form.masked.itemsize
        sizes = [layout.words * itemsize for layout, itemsize in zip(self._layouts, itemsizes, strict=True)]
        if [os.fstat(file).st_size for file in self._files] == sizes:
            return
        for number in reversed(range(len(self.shards))):  # else a second kill would find them beside files of full size
            self._index_path(number).unlink()
        self.shards.clear()
        for file, size in zip(self._files, sizes, strict=True):
            os.ftruncate(file, size)

    def write(self, shard: int, row: int, words: NDArray[Any], masked_words: NDArray[Any]) -> None:
        """Put the words of neighbouring rows from `row` on into the files; safe in threads."""
        for file, layout, values in zip(self._files, self._layouts, (words, masked_words), strict=True):
            _write(file, values, layout.place(shard, row) * values.itemsize)

    def finish(self, parts: Sequence[SpilledRows], unreadable: str = "") -> None:
        """The next shard is written; it consists of these parts, or it cannot be read and nothing of it is kept."""
        shard = SpilledShard.of(parts, unreadable)
        path = self._index_path(len(self.shards))
        left_out = json.dumps({"faults": [asdict(fault) for fault in shard.faults], "unreadable": shard.unreadable})
        with (aside := path.with_suffix(".part")).open("wb") as file:
            np.savez(file, **vars(shard.index), runs=shard.runs, left_out=np.frombuffer(left_out.encode(), np.uint8))
        aside.replace(path)
        self.shards.append(shard)

    def close(self) -> None:
        """No more is written."""
        for file in self._files:
            os.close(file)

    def index(self) -> SpillIndex:
        """Of the sequences of all shards."""
        return SpillIndex.joined([shard.index for shard in self.shards])

    def opened(self, index: SpillIndex) -> Spill:
        """All sequences, to draw from."""
        return Spill(self._paths, index, self._starts(index), self.form)

    def _starts(self, index: SpillIndex) -> Starts:
        runs = [shard.runs for shard in self.shards]
        tokens, masked = self._layouts
        return Starts(tokens.starts(index.lengths, runs), masked.starts(index.masked_counts, runs))

    def _index_path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.npz"


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)


def _write(file: int, values: NDArray[Any], place: int) -> None:
    left = memoryview(np.ascontiguousarray(values).data).cast("B") if len(values) else memoryview(b"")
    while left:
        written = os.pwrite(file, left, place)
        left, place = left[written:], place + written


def _loaded(path: Path) -> SpilledShard:
    with np.load(path) as stored:
        left_out = json.loads(stored["left_out"].tobytes())
        index = SpillIndex(stored["lengths"], stored["masked_counts"], stored["labels"])
        runs = stored["runs"]
    return SpilledShard(index, runs, [RowFault(**fault) for fault in left_out["faults"]], left_out["unreadable"])
