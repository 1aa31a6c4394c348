"""The spill on disk while it grows: complete up to the last finished shard, whatever kills the process."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.faults import RowFault
from migrator.packing.sequences.words import WordFormat
from migrator.packing.spill import Spill, SpillIndex


@dataclass(frozen=True)
class SpillPart:
    """Some sequences of a shard, and what was wrong with rows beside them."""

    index: SpillIndex
    words: NDArray[Any]
    masked_words: NDArray[Any]
    faults: list[RowFault]


@dataclass(frozen=True)
class SpilledShard:
    """What the spill holds of one input shard, and what was left out of it."""

    index: SpillIndex
    faults: list[RowFault]
    unreadable: str  # why the whole file was left out; empty where it was not


class SpillFiles:
    """A folder with all words in two files, and one small file for each finished shard."""

    def __init__(self, folder: Path, form: WordFormat) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.form = form
        self.shards: list[SpilledShard] = []
        self._forget()
        while (path := self._index_path(len(self.shards))).is_file():
            self.shards.append(_loaded(path))
        self._words = os.open(folder / "words", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self._masked = os.open(folder / "masked", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        if not self._complete():
            self.shards.clear()
        self._roll_back()

    def _complete(self) -> bool:
        """Whether the words are there that the finished shards count; some were deleted where they are not."""
        words, masked = self._sizes()
        return os.fstat(self._words).st_size >= words and os.fstat(self._masked).st_size >= masked

    def _sizes(self) -> tuple[int, int]:
        """Bytes of the words and the masked words of all finished shards."""
        tokens = sum(shard.index.tokens for shard in self.shards)
        masked = sum(shard.index.masked_tokens for shard in self.shards)
        return tokens * self.form.token.itemsize, masked * self.form.masked.itemsize

    def _forget(self) -> None:
        """The next shard begins."""
        self._parts: list[SpillIndex] = []
        self._faults: list[RowFault] = []
        self._unreadable = ""

    def append(self, part: SpillPart) -> None:
        """Add sequences of the shard that is under way."""
        if not self._unreadable:
            _write(self._words, part.words)
            _write(self._masked, part.masked_words)
            self._parts.append(part.index)
            self._faults += part.faults

    def leave_out(self, why: str) -> None:
        """The shard that is under way cannot be read: nothing of it is kept."""
        self._roll_back()
        self._forget()
        self._unreadable = why

    def finish(self) -> None:
        """The shard that was under way is complete."""
        shard = SpilledShard(SpillIndex.joined(self._parts), self._faults, self._unreadable)
        path = self._index_path(len(self.shards))
        left_out = json.dumps({"faults": [asdict(fault) for fault in shard.faults], "unreadable": shard.unreadable})
        with (aside := path.with_suffix(".part")).open("wb") as file:
            np.savez(file, **vars(shard.index), left_out=np.frombuffer(left_out.encode(), np.uint8))
        aside.replace(path)
        self.shards.append(shard)
        self._forget()

    def _roll_back(self) -> None:
        """The files as they were after the last finished shard."""
        for file, size in zip((self._words, self._masked), self._sizes(), strict=True):
            os.ftruncate(file, size)
            os.lseek(file, size, os.SEEK_SET)

    def close(self) -> None:
        """No more is added."""
        os.close(self._words)
        os.close(self._masked)

    def index(self) -> SpillIndex:
        """Of the sequences of all shards."""
        return SpillIndex.joined([shard.index for shard in self.shards])

    def opened(self, index: SpillIndex) -> Spill:
        """All sequences, to draw from."""
        return Spill(self._folder / "words", self._folder / "masked", index, self.form)

    def _index_path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.npz"


def _write(file: int, values: NDArray[Any]) -> None:
    left = memoryview(np.ascontiguousarray(values).data).cast("B") if len(values) else memoryview(b"")
    while left:
        left = left[os.write(file, left) :]


def _loaded(path: Path) -> SpilledShard:
    with np.load(path) as stored:
        left_out = json.loads(stored["left_out"].tobytes())
        index = SpillIndex(stored["lengths"], stored["masked_counts"], stored["labels"])
    return SpilledShard(index, [RowFault(**fault) for fault in left_out["faults"]], left_out["unreadable"])
