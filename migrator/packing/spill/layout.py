"""Where in the spill the words of each sequence stand.

Every input row has room of its own width, so that threads write where they are without waiting for one another. What
neighbouring rows hold is written as one run from where the first of them begins; the rest of their room is a hole,
which takes no space on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.faults import ShardError
from migrator.packing.sequences.ragged import Ints, starts_of
from migrator.packing.shards.shard import Shard

Runs = NDArray[np.int64]  # [runs, 2]: the first row's number in its shard, and how many sequences follow one another


@dataclass(frozen=True)
class RowSizes:
    """Of one input shard; 0 of each for a shard that cannot be opened."""

    rows: int
    tokens: int  # of a row at most
    masked: int

    @classmethod
    def of(cls, shard: Shard | ShardError) -> RowSizes:
        """As the shard's datasets have it."""
        if isinstance(shard, ShardError):
            return cls(0, 0, 0)
        return cls(shard.rows, shard.row_length, shard.masked_width)


class WordLayout:
    """For words of one kind, those of tokens or those of masked tokens: `widths` of them a row at most."""

    def __init__(self, rows: Sequence[int], widths: Sequence[int]) -> None:
        self._widths = widths
        self._firsts = [0, *accumulate(count * width for count, width in zip(rows, widths, strict=True))]

    @property
    def words(self) -> int:
        """There is room for."""
        return self._firsts[-1]

    def place(self, shard: int, row: int) -> int:
        """Where the words begin of a run that begins with this row."""
        return self._firsts[shard] + row * self._widths[shard]

    def _places(self, shard: int, rows: Runs) -> Runs:
        return np.asarray(self._firsts[shard] + rows * self._widths[shard])

    def starts(self, counts: Ints, runs: Sequence[Runs]) -> NDArray[Any]:
        """[n], where the words of each sequence begin; `counts` [n] are its words, `runs` those of each shard."""
        starts = starts_of(counts)
        places = np.concatenate([self._places(shard, own[:, 0]) for shard, own in enumerate(runs)] or [_NONE])
        sizes = np.concatenate([own[:, 1] for own in runs] or [_NONE])
        begun = sizes > 0
        first = starts_of(sizes)[begun]
        starts += np.repeat(places[begun] - starts[first], sizes[begun])
        return _compact(starts)


_NONE = np.zeros(0, np.int64)


def _compact(starts: NDArray[np.int64]) -> NDArray[Any]:
    """Half as wide where that is enough: one for every sequence of the input is in memory."""
    return starts.astype(np.uint32) if not len(starts) or starts[-1] < 2**32 else starts
