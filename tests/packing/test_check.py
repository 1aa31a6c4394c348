"""Checking a packed folder: what is sound passes, and everything that is not is said, with its file and row."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from migrator.errors import UsageError
from migrator.packing.checks.check import Checked, check
from migrator.packing.checks.fault_log import FIRST, Place
from tests.packing import oracle
from tests.packing.made_data import write_data
from tests.packing.plain_packing import change, pack_plainly, write_metadata
from tests.packing.runs import SmallBlocks, packed
from tests.packing.test_unpack import LENGTHS

NAME = "packed_training_0001.hdf5"


def checked(folder: Path, against: Path | None = None) -> Checked:
    return check(folder, against, SmallBlocks())


def faults(folder: Path) -> dict[str, list[Place]]:
    """Each kind with its first places."""
    return {found.what: found.first for found in checked(folder).faults}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "in", LENGTHS)


@pytest.fixture
def ours(data: Path, tmp_path: Path) -> Path:
    """A packed folder of three shards, of rows with one to three sequences."""
    packed(data, tmp_path / "out", per_row=3)
    return tmp_path / "out"


@pytest.fixture
def plain(data: Path, tmp_path: Path) -> Path:
    """What another packer made of the same data: no manifest, and little metadata."""
    return pack_plainly(data, tmp_path / "plain")


def test_nothing_is_wrong_with_our_own(ours: Path) -> None:
    found = checked(ours)

    manifest = json.loads((ours / "manifest.json").read_text())
    assert found.faults == []
    assert found.compared is None
    counts = found.counts
    told = (counts.sequences, counts.rows, counts.tokens, counts.masked_tokens, counts.most_sequences)
    assert told == (13, manifest["rows"], sum(map(sum, LENGTHS)), manifest["masked_tokens"], 3)
    assert counts.filled == pytest.approx(counts.tokens / counts.rows / 32)


def test_nothing_is_wrong_with_another_packers(plain: Path) -> None:
    found = checked(plain)

    assert (found.faults, found.counts.sequences) == ([], 13)


def test_one_shard_alone(plain: Path) -> None:
    assert checked(oracle.shards(plain)[0]).faults == []


def test_a_broken_row_is_named(plain: Path) -> None:
    path = oracle.shards(plain)[1]
    change(path, "positions", (1, 1), 9)

    assert faults(plain)["has positions that do not restart with each sequence"] == [Place(path.name, 1)]


def test_a_broken_row_far_behind_is_named(tmp_path: Path) -> None:
    packed(write_data(tmp_path / "in", [[20] * 50]), tmp_path / "out")
    change(tmp_path / "out" / "packed_training_0000.hdf5", "positions", (41, 1), 9)

    found = {fault.what: fault.first for fault in checked(tmp_path / "out").faults if fault.rows}

    assert found == {
        "has positions that do not restart with each sequence": [Place("packed_training_0000.hdf5", 41)],
    }


def test_many_faults_of_a_kind_are_counted_and_few_are_named(plain: Path) -> None:
    rows = 0
    for path in oracle.shards(plain):
        with h5py.File(path, "r+") as file:
            file["positions"][:, 0] = 5
            rows += len(file["positions"])

    (found,) = [fault for fault in checked(plain).faults if fault.rows]

    assert (found.count, len(found.first)) == (rows, min(rows, FIRST))
    assert rows > FIRST


def test_files_of_other_widths(plain: Path) -> None:
    path = oracle.shards(plain)[-1]
    with h5py.File(path, "r+") as file:
        for key in ("input_ids", "input_mask", "segment_ids", "positions"):
            wide = np.pad(file[key], ((0, 0), (0, 3)))
            del file[key]
            file[key] = wide

    assert faults(plain)["has rows of 35 tokens, others of 32"] == [Place(path.name)]


def test_files_that_are_no_packed_shards(plain: Path, data: Path) -> None:
    (plain / "x1.hdf5").write_text("no HDF5")
    (plain / "x2.hdf5").write_bytes(oracle.shards(data)[0].read_bytes())
    with h5py.File(oracle.shards(plain)[0], "r+") as file:
        del file["segment_ids"]

    found = {place.file: what for what, places in faults(plain).items() for place in places}

    assert found["x1.hdf5"].startswith("not a readable HDF5 file")
    assert found["x2.hdf5"] == "its rows are not packed"
    assert found[oracle.shards(plain)[0].name] == "it lacks segment_ids, which a packed shard has"


def test_a_damaged_file_is_told_once(ours: Path) -> None:
    path = ours / NAME
    with h5py.File(path, "r") as file:
        offset = file["input_ids"].id.get_chunk_info(0).byte_offset
    spoilt = bytearray(path.read_bytes())
    spoilt[offset : offset + 20] = b"\xff" * 20
    path.write_bytes(spoilt)

    found = faults(ours)

    assert [what for what, places in found.items() if places == [Place(NAME)] and "cannot be read" in what]
    assert found["was changed since it was written: its sha256 is not the manifest's"] == [Place(NAME)]


@pytest.mark.parametrize("content", ["empty", "unpacked", "missing"])
def test_nothing_to_check(tmp_path: Path, data: Path, content: str) -> None:
    folder = {"empty": tmp_path / "empty", "unpacked": data, "missing": tmp_path / "missing"}[content]
    (tmp_path / "empty").mkdir()

    with pytest.raises(UsageError, match=r"holds no \*.hdf5|its rows are not packed|does not exist"):
        checked(folder)


def test_a_link_to_a_folder_is_the_folder(ours: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(ours)

    assert checked(tmp_path / "link").faults == []


def test_metadata_beside_the_link_count_first(plain: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(plain)
    write_metadata(tmp_path / "link", avg_seq_per_sample=9.0)

    assert list(faults(tmp_path / "link").values()) == [[Place("link_metadata.json")]]
