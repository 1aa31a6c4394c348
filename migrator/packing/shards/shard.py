"""One shard, opened and looked at: what it holds and where; its rows are read in blocks."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from isal.igzip_lib import IsalError
from numpy.typing import NDArray

from migrator.packing.faults import ShardError
from migrator.packing.keys import LABEL_KEY, MASKED_KEYS, PACKED_KEYS, UNPACKED_KEYS, is_packed
from migrator.packing.shards.chunk_map import ChunkMap

# What h5py raises for a damaged file, depending on what is damaged.
_DAMAGED = (OSError, RuntimeError, ValueError, KeyError, OverflowError)
_RE_READ = "the file is damaged or incomplete: make or copy it again"


@dataclass(frozen=True)
class Shard:
    path: Path
    rows: int
    row_length: int  # S
    masked_width: int  # P
    per_row: int  # K; 1 for unpacked rows
    packed: bool
    dtypes: dict[str, np.dtype[Any]]
    maps: dict[str, ChunkMap | None]

    def read(self, start: int, stop: int, keys: Iterable[str] | None = None) -> dict[str, NDArray[Any]]:
        """Rows `start` to `stop` of the datasets `keys`, by default all. Raises `ShardError`."""
        wanted = list(self.maps if keys is None else keys)
        with self.unreadable(start, stop), self.opened() as file:
            arrays: dict[str, NDArray[Any]] = {}
            for key in wanted:
                if (chunks := self.maps[key]) is not None:
                    arrays[key] = chunks.read(file, start, stop, self.width(key))
            if left := [key for key in wanted if key not in arrays]:
                with h5py.File(self.path, "r") as by_library:
                    arrays.update((key, by_library[key][start:stop]) for key in left)
        return arrays

    @contextmanager
    def opened(self) -> Iterator[int]:
        """The file, for `ChunkMap`."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def unreadable(self, start: int, stop: int) -> Iterator[None]:
        """What goes wrong within, while these rows are read, is a `ShardError`."""
        try:
            yield
        except (*_DAMAGED, EOFError, IsalError, zlib.error) as error:
            raise ShardError(self.path, f"rows {start} to {stop - 1} cannot be read: {error}", hint=_RE_READ) from error

    def width(self, key: str) -> tuple[int, ...]:
        """The shape of one row."""
        if key in MASKED_KEYS:
            return (self.masked_width,)
        if key.startswith("next_sentence"):
            return (self.per_row,) if self.packed else ()
        return (self.row_length,)

    @property
    def block_rows(self) -> int:
        """Blocks of a multiple of so many rows do not decode chunks of the biggest dataset twice."""
        chunks = self.maps["input_ids"]
        return chunks.shape[0] if chunks is not None else 1

    @property
    def chunk_bytes(self) -> int:
        """Bytes of the chunks that hold one row, decoded: the least that reading it takes."""
        return sum(chunks.size * chunks.offsets.shape[1] for chunks in self.maps.values() if chunks is not None)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row, decoded."""
        return sum(self.dtypes[key].itemsize * int(np.prod(self.width(key), dtype=int)) for key in self.maps)


def open_shard(path: Path) -> Shard:
    """Look at a shard without reading its rows. Raises `ShardError` where it is none."""
    try:
        with h5py.File(path, "r") as file:
            return _looked_at(path, {key: file[key] for key in PACKED_KEYS if isinstance(file.get(key), h5py.Dataset)})
    except PermissionError as error:
        raise ShardError(path, "cannot be read: permission denied") from error
    except _DAMAGED as error:
        raise ShardError(path, f"not a readable HDF5 file: {_first_line(error)}", hint=_RE_READ) from error


def _looked_at(path: Path, datasets: dict[str, h5py.Dataset]) -> Shard:
    packed = is_packed(datasets)
    keys = PACKED_KEYS if packed else UNPACKED_KEYS
    if missing := [key for key in keys if key not in datasets]:
        kind = "a packed shard" if packed else "a shard of pre-training data"
        raise ShardError(path, f"it lacks {', '.join(missing)}, which {kind} has")
    rows, row_length, masked_width = _sizes(path, datasets)
    per_row = datasets[LABEL_KEY].shape[-1] if packed and datasets[LABEL_KEY].ndim == 2 else 1
    shard = Shard(
        path, rows, row_length, masked_width, per_row, packed,
        {key: datasets[key].dtype for key in keys},
        {key: ChunkMap.of(datasets[key]) if _is_in(path, datasets[key]) else None for key in keys},
    )  # fmt: skip
    for key in keys:
        _check(shard, key, datasets[key])
    return shard


def _is_in(path: Path, dataset: h5py.Dataset) -> bool:
    """Whether no link leads to another file, and no user block moves offsets, which HDF5 1.14.2 leaves out of them."""
    return bool(dataset.file.filename == str(path) and not dataset.file.userblock_size)


def _sizes(path: Path, datasets: dict[str, h5py.Dataset]) -> tuple[int, int, int]:
    ids, masked = datasets["input_ids"], datasets[MASKED_KEYS[0]]
    for dataset in (ids, masked):
        if dataset.ndim != 2:
            raise ShardError(path, f"{dataset.name.lstrip('/')} has the shape {dataset.shape}, not [rows, width]")
    return ids.shape[0], ids.shape[1], masked.shape[1]


def _check(shard: Shard, key: str, dataset: h5py.Dataset) -> None:
    expected = (shard.rows, *shard.width(key))
    if dataset.shape != expected:
        raise ShardError(shard.path, f"{key} has the shape {dataset.shape}; beside input_ids it must be {expected}")
    if dataset.dtype.kind not in "iu":
        raise ShardError(shard.path, f"{key} holds {dataset.dtype}, not whole numbers")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
