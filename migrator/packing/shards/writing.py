"""Writing a shard chunk by chunk, encoded beforehand: the HDF5 library only has to put the bytes in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from migrator.packing.shards.chunk_code import LEVEL, deflated, planes

_CHUNK_BYTES = 2**20  # HDF5's chunk cache in older versions: a chunk that fits is not decoded again for each row


@dataclass(frozen=True)
class Column:
    """One dataset: its type and, but for one number a row, its width."""

    dtype: np.dtype[Any]
    width: int | None


@dataclass(frozen=True)
class EncodedRows:
    """The chunks of some rows of a shard, by dataset."""

    start: int
    rows: int
    chunks: Mapping[str, list[bytes]]


def chunk_rows(columns: Mapping[str, Column]) -> int:
    """Rows of a chunk, the same for all datasets of a shard."""
    widest = max((column.width or 1) * column.dtype.itemsize for column in columns.values())
    return max(1, _CHUNK_BYTES // widest)


def encode(
    arrays: Mapping[str, NDArray[Any]], start: int, rows: int, dtypes: Mapping[str, np.dtype[Any]] | None = None
) -> EncodedRows:
    """The chunks of `rows` rows each of these arrays; `start` is a multiple of `rows`.

    `dtypes` are those of the datasets, where unsigned arrays are narrower.
    """
    chunks: dict[str, list[bytes]] = {}
    for key, values in arrays.items():
        flat = values.reshape(len(values), -1)
        dtype = dtypes[key] if dtypes is not None else None
        chunks[key] = [deflated(planes(flat[at : at + rows], rows, dtype)) for at in range(0, len(flat), rows)]
    return EncodedRows(start, rows, chunks)


class ShardFile:
    """A shard being written. Its chunks may come in any order, each once."""

    def __init__(self, path: Path, rows: int, columns: Mapping[str, Column]) -> None:
        self._file = h5py.File(path, "w", libver="earliest")
        self.chunk_rows = chunk_rows(columns)
        for key, column in columns.items():
            width = () if column.width is None else (column.width,)
            self._file.create_dataset(
                key,
                shape=(rows, *width),
                dtype=column.dtype,
                chunks=(self.chunk_rows, *width),
                maxshape=(None, *width),  # a chunk may then hold more rows than the dataset
                compression="gzip",
                compression_opts=LEVEL,
                shuffle=column.dtype.itemsize > 1,
            )

    def write(self, encoded_rows: EncodedRows) -> None:
        """Put the chunks into their places."""
        for key, chunks in encoded_rows.chunks.items():
            dataset = self._file[key]
            for number, chunk in enumerate(chunks):
                row = encoded_rows.start + number * encoded_rows.rows
                dataset.id.write_direct_chunk((row, *(0,) * (dataset.ndim - 1)), chunk)

    def close(self) -> None:
        """The file is whole, or given up."""
        self._file.close()
