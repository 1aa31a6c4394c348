"""A packed folder made the plain way: what other packers write, and what happens to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.packing import oracle
from tests.packing.made_data import DTYPES
from tests.scenarios.packed_rows import Arrays, first_fit, pack, write_shard

PER_ROW = 3


def all_rows(folder: Path) -> Arrays:
    """The rows of all shards of an unpacked folder, in their order."""
    found = [oracle.arrays(path, DTYPES) for path in oracle.shards(folder)]
    return {key: np.concatenate([shard[key] for shard in found]) for key in DTYPES}


def pack_plainly(data: Path, output: Path, sequences: Sequence[int] | None = None, per_shard: int = 4) -> Path:
    """Pack these rows of `data`, by default all, so many packed rows a file; with the metadata that trainers need."""
    whole = all_rows(data)
    chosen = list(range(len(whole["input_ids"])) if sequences is None else sequences)
    shard = {key: array[chosen] for key, array in whole.items()}
    rows = first_fit(shard["input_mask"].sum(axis=1).tolist(), shard["input_mask"].shape[1], PER_ROW)
    packed = pack(shard, rows, PER_ROW)
    for at in range(0, len(rows), per_shard):
        write_shard(
            output / f"part_{at // per_shard:03d}.hdf5", {key: a[at : at + per_shard] for key, a in packed.items()}
        )
    write_metadata(output, avg_seq_per_sample=len(chosen) / len(rows))
    return output


def write_metadata(folder: Path, **values: Any) -> None:
    folder.with_name(f"{folder.name}_metadata.json").write_text(json.dumps(values))


def change(path: Path, key: str, place: tuple[int, ...], value: int) -> None:
    """Put another number into a shard."""
    with h5py.File(path, "r+") as file:
        file[key][place] = value
