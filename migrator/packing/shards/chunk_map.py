"""Where the chunks of a dataset lie in its file, and how their bytes become an array.

HDF5 decodes one chunk at a time under one lock; reading a chunk's bytes from the file and inflating them in threads of
our own uses all cores. Only what the format's standard filters shuffle and deflate made is decoded here
(https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t4.html); all else is left to the library.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import h5py
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from migrator.packing.shards.tiles import Tile, assembled

_MOST = 2**24  # chunks, of one element or so each: a dataset that is damaged, or too slow whatever reads it
_READABLE = {(), (h5py.h5z.FILTER_DEFLATE,), (h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE)}


@dataclass(frozen=True)
class ChunkMap:
    """The chunks of one dataset: those side by side that hold the same rows, and below them the next ones."""

    shape: tuple[int, ...]  # of one chunk; those at the border are stored whole
    dtype: np.dtype[Any]
    filters: tuple[int, ...]
    offsets: NDArray[np.int64]  # [rows of chunks, chunks side by side], in the file, bytes
    sizes: NDArray[np.int64]  # like these, in the file, bytes; 0 where nothing was ever written
    size: int  # of one chunk, decoded, bytes

    @classmethod
    def of(cls, dataset: h5py.Dataset) -> ChunkMap | None:
        """None where only the HDF5 library can read it: not in chunks, through other filters, or not 0 where unwritten.

        Raises ValueError where chunks are listed at places where none can be.
        """
        if dataset.chunks is None or (filters := _filters(dataset)) not in _READABLE or not _unwritten_is_0(dataset):
            return None
        stored = _stored(dataset)
        if stored is None or math.prod(_grid(dataset)) > _MOST:
            return None
        offsets, sizes = _tables(dataset, stored)
        return cls(
            dataset.chunks, dataset.dtype, filters, offsets, sizes, math.prod(dataset.chunks) * dataset.dtype.itemsize
        )

    def read(self, file: int, start: int, stop: int, width: tuple[int, ...]) -> NDArray[Any]:
        """Rows `start` to `stop`, [stop - start, *width], of the open `file`; chunks that were never written are 0."""
        out = np.empty((stop - start, *width), self.dtype)
        for low, high in pairwise(self.borders(start, stop)):
            tiles = self.tiles(self.decoded(file, low), low, high, 0)
            out[low - start : high - start] = assembled(tiles, (high - low, *width), self.dtype)
        return out

    def borders(self, start: int, stop: int) -> list[int]:
        """Where rows begin that are in one row of chunks, from `start` on, and `stop`."""
        height = self.shape[0]
        return [start, *range(start - start % height + height, stop, height), *([stop] if stop > start else [])]

    def decoded(self, file: int, row: int) -> list[bytes]:
        """The chunks side by side that hold this row."""
        number = row // self.shape[0]
        places = zip(self.offsets[number].tolist(), self.sizes[number].tolist(), strict=True)
        return [self._decoded(file, offset, size) if size else bytes(self.size) for offset, size in places]

    def tiles(self, decoded: Sequence[bytes], start: int, stop: int, at: int) -> list[Tile]:
        """Rows `start` to `stop` of chunks side by side, for an array from its row `at` on."""
        width = self.shape[1] if len(self.shape) == 2 else 1
        skip, rows = start % self.shape[0], stop - start
        return [Tile(data, width, skip, rows, at, number * width) for number, data in enumerate(decoded)]

    def _decoded(self, file: int, offset: int, size: int) -> bytes:
        data = os.pread(file, size, offset)
        if len(data) != size:
            raise EOFError(f"{size - len(data)} bytes are missing at its end")
        raw: bytes = isal_zlib.decompress(data, bufsize=self.size) if self.filters else data
        if len(raw) != self.size:
            raise ValueError(f"a chunk holds {len(raw)} bytes instead of {self.size}")
        if len(self.filters) == 2 and self.dtype.itemsize > 1:
            raw = np.frombuffer(raw, np.uint8).reshape(self.dtype.itemsize, -1).T.tobytes()
        return raw


def _filters(dataset: h5py.Dataset) -> tuple[int, ...]:
    properties = dataset.id.get_create_plist()
    return tuple(properties.get_filter(index)[0] for index in range(properties.get_nfilters()))


def _unwritten_is_0(dataset: h5py.Dataset) -> bool:
    defined = dataset.id.get_create_plist().fill_value_defined()
    return bool(defined != h5py.h5d.FILL_VALUE_UNDEFINED and dataset.fillvalue == 0)


def _grid(dataset: h5py.Dataset) -> tuple[int, ...]:
    """How many chunks there are room for, below one another and side by side."""
    return tuple(-(-length // chunk) for length, chunk in zip(dataset.shape, dataset.chunks, strict=True))


def _tables(dataset: h5py.Dataset, stored: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The index has no checksum in older versions of the format; a damaged one would hide chunks, as if unwritten."""
    starts, shape = stored[:, : dataset.ndim], _grid(dataset)
    places = tuple((starts // dataset.chunks).T)
    if (starts % dataset.chunks != 0).any() or (starts >= dataset.shape).any() or not stored[:, -1].all():
        raise _damaged(dataset)
    offsets, sizes = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    offsets[places], sizes[places] = stored[:, -2], stored[:, -1]
    if np.count_nonzero(sizes) < len(stored):  # one was listed twice
        raise _damaged(dataset)
    table = shape[0], math.prod(shape[1:])
    return offsets.reshape(table), sizes.reshape(table)


def _damaged(dataset: h5py.Dataset) -> ValueError:
    return ValueError(f"the index of the chunks of {dataset.name.lstrip('/')} is damaged")


def _stored(dataset: h5py.Dataset) -> NDArray[np.int64] | None:
    """[chunks, dimensions + 2]: where the first element of each is, offset and size in the file, bytes.

    None where a chunk skipped a filter.
    """
    found: list[Any] = []
    if hasattr(dataset.id, "chunk_iter"):  # needs HDF5 1.12.3; asking for one after the other takes quadratic time
        dataset.id.chunk_iter(found.append)
    else:
        found += (dataset.id.get_chunk_info(index) for index in range(dataset.id.get_num_chunks()))
    if any(info.filter_mask for info in found):
        return None
    facts = [(*info.chunk_offset, info.byte_offset, info.size) for info in found]
    return np.array(facts, np.int64).reshape(len(found), dataset.ndim + 2)
