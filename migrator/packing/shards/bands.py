"""Rows of a shard from first to last, few at a time, with no chunk decoded twice.

A band is one row of chunks of one dataset. Datasets have chunks of different heights, so rows are put together from the
bands at hand. They are small enough to stay in a core's cache while the rows are looked at, which is what makes reading
fast: a whole block of decoded rows goes through memory several times (docs/packing.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.shards.shard import Shard

_ROWS = 1024  # at a time, at most


def rows_in_bands(shard: Shard, start: int, stop: int) -> Iterator[tuple[int, dict[str, NDArray[Any]]]]:
    """The datasets for the rows from `start` to `stop`, and the number of the first of them. Raises `ShardError`."""
    bands = {key: _Bands(shard, key, stop) for key in shard.maps}
    step = min(shard.block_rows, _ROWS)
    borders = sorted({start, stop, *range(start - start % shard.block_rows, stop, step)})
    for first, last in pairwise(borders):
        if first >= start:
            yield first, {key: band.rows(first, last) for key, band in bands.items()}


class _Bands:
    def __init__(self, shard: Shard, key: str, end: int) -> None:
        self._shard = shard
        self._key = key
        self._end = end
        chunks = shard.maps[key]
        self._height = chunks.shape[0] if chunks is not None else _ROWS
        self._first = 0
        self._held: NDArray[Any] | None = None

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        parts = []
        while start < stop:
            end = min(stop, start - start % self._height + self._height)
            band = self._band(start)
            parts.append(band[start - self._first : end - self._first])
            start = end
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _band(self, row: int) -> NDArray[Any]:
        if self._held is None or row >= self._first + len(self._held):
            last = min(row - row % self._height + self._height, self._end)
            self._first, self._held = row, self._shard.read(row, last, [self._key])[self._key]
        return self._held
