"""A shard's rows a chunk's height at a time, although its datasets have chunks of different heights.

NVIDIA's shards do: 782 rows of int32 beside 1,563 of int8. Every chunk of a block is decoded once, whatever the bands,
and is still in the core's cache when its rows are looked at; a whole block of decoded rows would go through memory
several times (docs/packing.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.keys import Arrays
from migrator.packing.shards.shard import Shard
from migrator.packing.shards.tiles import Tile, assembled, tiles_of

_ROWS = 1024  # at a time, at most


@dataclass(frozen=True)
class Band:
    """Some rows of all datasets, as they lie in decoded chunks."""

    first: int  # number of the first row in the shard
    rows: int
    widths: Mapping[str, tuple[int, ...]]  # the shape of one row
    dtypes: Mapping[str, np.dtype[Any]]
    tiles: Mapping[str, list[Tile]]

    @classmethod
    def of(cls, rows: Arrays) -> Band:
        """Of arrays."""
        shapes = {key: array.shape[1:] for key, array in rows.items()}
        dtypes = {key: array.dtype for key, array in rows.items()}
        count = len(next(iter(rows.values())))
        return cls(0, count, shapes, dtypes, {key: tiles_of(array) for key, array in rows.items()})

    def array(self, key: str) -> NDArray[Any]:
        """[rows] or [rows, width]."""
        return assembled(self.tiles[key], (self.rows, *self.widths[key]), self.dtypes[key])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Of all datasets."""
        return {key: self.array(key) for key in self.tiles}


def bands(shard: Shard, start: int, stop: int) -> Iterator[Band]:
    """The rows from `start` to `stop`. Raises `ShardError`."""
    step = min(shard.block_rows, _ROWS)
    borders = {start, stop, *range(start - start % shard.block_rows, stop, step)}
    widths = {key: shard.width(key) for key in shard.maps}
    with shard.opened() as file:
        datasets = {key: _Dataset(shard, key, file) for key in shard.maps}
        for first, last in pairwise(sorted(border for border in borders if border >= start)):
            with shard.unreadable(first, last):
                tiles = {key: dataset.tiles(first, last) for key, dataset in datasets.items()}
            yield Band(first, last - first, widths, shard.dtypes, tiles)


class _Dataset:
    """Keeps the chunks that it decoded last."""

    def __init__(self, shard: Shard, key: str, file: int) -> None:
        self._shard = shard
        self._key = key
        self._file = file
        self._chunks = shard.maps[key]
        self._first = -1
        self._held: list[bytes] = []

    def tiles(self, start: int, stop: int) -> list[Tile]:
        if self._chunks is None:
            return tiles_of(self._shard.read(start, stop, [self._key])[self._key])
        found: list[Tile] = []
        for low, high in pairwise(self._chunks.borders(start, stop)):
            first = low - low % self._chunks.shape[0]
            if first != self._first:
                self._held = self._chunks.decoded(self._file, low)
                self._first = first
            found += self._chunks.tiles(self._held, low, high, low - start)
        return found
