"""Shards stored in other ways than NVIDIA's script does are read the same, from whatever row on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from migrator.packing.shards.shard import open_shard
from tests.packing.made_data import DTYPES, Kind, Rows, Storage, random_rows, write_shard
from tests.packing.runs import assert_all_there, packed

KIND = Kind(32, 6)
LENGTHS = [7, 9, 32, 4, 5, 8, 20, 11, 1, 2, 3, 31, 30]
GZIP = {"compression": "gzip"}

STORAGES = {
    "as NVIDIA's": Storage(),
    "contiguous": Storage({}),
    "chunks without filters": Storage({}, (4, 7)),
    "chunks of rows": Storage(GZIP, (4, 32)),
    "chunks of columns": Storage(GZIP, (100, 1)),
    "one element a chunk": Storage(GZIP, (1, 1)),
    "chunks that do not divide": Storage(GZIP, (5, 9)),
    "one chunk, larger than all": Storage(GZIP, (64, 100)),
    "gzip 9": Storage({"compression": "gzip", "compression_opts": 9}),
    "gzip 0": Storage({"compression": "gzip", "compression_opts": 0}),
    "shuffle": Storage({"compression": "gzip", "shuffle": True}, (4, 32)),
    "shuffle alone": Storage({"shuffle": True}, (4, 32)),
    "lzf": Storage({"compression": "lzf"}, (4, 32)),
    "fletcher32": Storage({"compression": "gzip", "fletcher32": True}, (4, 32)),
    "all filters": Storage({"compression": "gzip", "fletcher32": True, "shuffle": True}, (4, 32)),
    "big-endian": Storage(GZIP, (4, 32), dict.fromkeys(DTYPES, ">i4")),
    "big-endian, shuffled": Storage({"compression": "gzip", "shuffle": True}, (4, 32), dict.fromkeys(DTYPES, ">i2")),
    "64 bits": Storage(GZIP, (4, 32), dict.fromkeys(DTYPES, "<i8")),
    "64 bits, unsigned": Storage(GZIP, (4, 32), dict.fromkeys(DTYPES, "<u8")),
    "unsigned": Storage(GZIP, None, {"input_mask": "u1", "segment_ids": "u1", "input_ids": "<u2"}),
    "a fill value": Storage({"compression": "gzip", "fillvalue": 7}, (4, 32)),
    "a user block": Storage(GZIP, (4, 32), file={"userblock_size": 512}),
    "a user block, other filters": Storage({"compression": "lzf"}, (4, 32), file={"userblock_size": 512}),
    "the latest format": Storage(GZIP, (4, 32), file={"libver": "latest"}),
    "the latest format, one chunk": Storage(GZIP, (13, 32), file={"libver": "latest"}),
    "the earliest format": Storage(GZIP, (4, 32), file={"libver": "earliest"}),
}
BLOCKS = [(0, 13), (0, 1), (12, 13), (3, 4), (3, 9), (4, 8), (1, 12), (5, 5)]


def made_rows() -> Rows:
    return random_rows(np.random.default_rng(1), LENGTHS, KIND)


def assert_read_as_by_h5py(path: Path) -> None:
    shard = open_shard(path)
    with h5py.File(path, "r") as file:
        for start, stop in BLOCKS:
            for key, found in shard.read(start, stop).items():
                expected = file[key][start:stop]
                assert found.shape == expected.shape
                assert found.dtype == expected.dtype
                np.testing.assert_array_equal(found, expected, err_msg=f"{key}, rows {start} to {stop}")


@pytest.mark.parametrize("storage", STORAGES.values(), ids=STORAGES)
def test_every_storage_is_read_as_by_h5py(tmp_path: Path, storage: Storage) -> None:
    write_shard(tmp_path / "in" / "a.hdf5", made_rows(), storage)

    assert_read_as_by_h5py(tmp_path / "in" / "a.hdf5")
    packed(tmp_path / "in", tmp_path / "out")
    assert_all_there(tmp_path / "in", tmp_path / "out")


@pytest.mark.parametrize("fill", [None, 0, 1])
def test_chunks_that_were_never_written(tmp_path: Path, fill: int | None) -> None:
    """Their rows hold the fill value of the dataset."""
    rows = made_rows()
    with h5py.File(write_shard(tmp_path / "a.hdf5", rows), "r+") as file:
        for key in ("segment_ids", "next_sentence_labels"):
            del file[key]
            shape = rows[key].shape
            dataset = file.create_dataset(
                key, shape, "i1", chunks=(4, 8)[: len(shape)], compression="gzip", fillvalue=fill
            )
            dataset[5] = 0

    assert_read_as_by_h5py(tmp_path / "a.hdf5")


def chunk_without_its_filter(file: h5py.File, rows: Rows) -> None:
    """As HDF5 stores what an optional filter could not make smaller."""
    dataset = file.create_dataset("segment_ids", rows["segment_ids"].shape, "i1", chunks=(13, 32), compression="gzip")
    dataset.id.write_direct_chunk((0, 0), rows["segment_ids"].astype("i1").tobytes(), filter_mask=1)


def elsewhere(file: h5py.File, rows: Rows) -> None:
    """In another file, to which a link leads."""
    path = Path(file.filename).with_name("other.data")
    with h5py.File(path, "w") as other:
        other.create_dataset("segments", data=rows["segment_ids"].astype("i1"), chunks=(4, 32), compression="gzip")
    file["segment_ids"] = h5py.ExternalLink(path.name, "/segments")


def linked(file: h5py.File, rows: Rows) -> None:
    file.create_dataset("deep/er", data=rows["segment_ids"].astype("i1"), chunks=(4, 32), compression="gzip")
    file["segment_ids"] = h5py.SoftLink("/deep/er")


def virtual(file: h5py.File, rows: Rows) -> None:
    """Put together from other datasets."""
    file.create_dataset("first", data=rows["segment_ids"][:6].astype("i1"))
    file.create_dataset("rest", data=rows["segment_ids"][6:].astype("i1"))
    layout = h5py.VirtualLayout((13, 32), "i1")
    layout[:6], layout[6:] = h5py.VirtualSource(file["first"]), h5py.VirtualSource(file["rest"])
    file.create_virtual_dataset("segment_ids", layout)


def compact(file: h5py.File, rows: Rows) -> None:
    """Inside the dataset's header."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((13, 32))
    dataset = h5py.h5d.create(file.id, b"segment_ids", h5py.h5t.STD_I8LE, space, properties)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, rows["segment_ids"].astype("i1"))


@pytest.mark.parametrize("store", [chunk_without_its_filter, elsewhere, linked, virtual, compact])
def test_a_dataset_stored_in_a_way_of_its_own(tmp_path: Path, store: Callable[[h5py.File, Rows], None]) -> None:
    rows = made_rows()
    with h5py.File(write_shard(tmp_path / "in" / "a.hdf5", rows), "r+") as file:
        del file["segment_ids"]
        store(file, rows)

    assert_read_as_by_h5py(tmp_path / "in" / "a.hdf5")
    packed(tmp_path / "in", tmp_path / "out")
    assert_all_there(tmp_path / "in", tmp_path / "out")
