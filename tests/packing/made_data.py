"""Small data sets in the format of NVIDIA's create_pretraining_data.py, stored in any way that HDF5 knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Rows = dict[str, NDArray[Any]]

DTYPES = {
    "input_ids": "<i4",
    "input_mask": "i1",
    "segment_ids": "i1",
    "masked_lm_positions": "<i4",
    "masked_lm_ids": "<i4",
    "next_sentence_labels": "i1",
}


@dataclass(frozen=True)
class Storage:
    """How the datasets of a shard are stored; the default is how NVIDIA's script does it."""

    options: Mapping[str, Any] = field(default_factory=lambda: {"compression": "gzip"})  # of create_dataset
    chunk: tuple[int, int] | None = None  # rows, columns; None: as h5py guesses
    dtypes: Mapping[str, str] = field(default_factory=dict)  # other than `DTYPES`
    file: Mapping[str, Any] = field(default_factory=dict)  # options of h5py.File

    def of(self, key: str, array: NDArray[Any]) -> dict[str, Any]:
        """The arguments of create_dataset for one array."""
        options = {"dtype": self.dtypes.get(key, DTYPES[key]), **self.options}
        if self.chunk is not None:
            options["chunks"] = self.chunk[: array.ndim]
            options["maxshape"] = (None,) * array.ndim  # else a chunk must not be larger than the dataset
        return options


NVIDIA = Storage()
CONTIGUOUS = Storage(options={})


@dataclass(frozen=True)
class Kind:
    """What the rows of a data set are like."""

    row_length: int = 32
    masked_width: int = 6
    vocabulary: int = 30522
    segments: int = 2


def random_rows(rng: np.random.Generator, lengths: Sequence[int], kind: Kind = Kind()) -> Rows:
    """One row for each length, with tokens, masked tokens and labels at random; id 0 occurs inside sequences too."""
    rows = empty_rows(len(lengths), kind)
    for row, length in enumerate(lengths):
        rows["input_ids"][row, :length] = rng.integers(0, kind.vocabulary, length)
        rows["input_mask"][row, :length] = 1
        rows["segment_ids"][row, :length] = np.sort(rng.integers(0, kind.segments, length))
        count = int(rng.integers(0, min(kind.masked_width, length - 1) + 1))
        places = np.sort(rng.choice(np.arange(1, length), count, replace=False)) if count else []
        rows["masked_lm_positions"][row, :count] = places
        rows["masked_lm_ids"][row, :count] = rng.integers(0, kind.vocabulary, count)
        rows["next_sentence_labels"][row] = rng.integers(0, 2)
    return rows


def empty_rows(count: int, kind: Kind) -> Rows:
    """Rows of zeros."""
    widths = {key: (kind.masked_width,) if key.startswith("masked") else (kind.row_length,) for key in DTYPES}
    widths["next_sentence_labels"] = ()
    return {key: np.zeros((count, *widths[key]), np.int64) for key in DTYPES}


def write_shard(path: Path, rows: Rows, storage: Storage = NVIDIA) -> Path:
    """Write one shard."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", **storage.file) as file:
        for key, array in rows.items():
            options = storage.of(key, array)
            file.create_dataset(key, data=array.astype(options["dtype"]), **options)
    return path


def shard_name(number: int) -> str:
    return f"part_{number:03d}.hdf5"


def write_data(
    folder: Path,
    lengths: Sequence[Sequence[int]],
    kind: Kind = Kind(),
    storage: Storage = NVIDIA,
    seed: int = 0,
) -> Path:
    """A folder with one shard for each list of lengths."""
    rng = np.random.default_rng(seed)
    for number, some in enumerate(lengths):
        write_shard(folder / shard_name(number), random_rows(rng, some, kind), storage)
    return folder
