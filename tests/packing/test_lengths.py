"""The lengths of sequences, from their masks alone."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.faults import ShardError
from migrator.packing.inputs import look_at
from migrator.packing.lengths import length_histogram
from tests.packing import oracle
from tests.packing.made_data import Storage, write_data
from tests.packing.plain_packing import change
from tests.packing.runs import SmallBlocks

SMALL = Storage(chunk=(4, 8))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    lengths = np.random.default_rng(1).integers(1, 33, (2, 30)).tolist()
    return write_data(tmp_path / "in", lengths, storage=SMALL)


def histogram(data: Path, row_length: int = 32, skip_bad: bool = False) -> LengthHistogram:
    return length_histogram(look_at(oracle.shards(data), skip_bad), row_length, skip_bad, SmallBlocks())


def expected(data: Path, row_length: int = 32) -> LengthHistogram:
    lengths = [int(np.frombuffer(sequence, "<i8")[0]) for sequence in oracle.padded(data).elements()]
    return LengthHistogram.from_lengths(lengths, row_length)


@pytest.mark.parametrize("row_length", [32, 40])
def test_all_lengths(data: Path, row_length: int) -> None:
    assert histogram(data, row_length) == expected(data, row_length)


def test_only_masks_are_read(data: Path) -> None:
    before = expected(data)
    with h5py.File(oracle.shards(data)[0], "r+") as file:
        file["input_ids"][:] = -1

    assert histogram(data) == before


def test_a_bad_row_is_named_or_left_out(data: Path) -> None:
    path = oracle.shards(data)[1]
    with h5py.File(path, "r+") as file:
        file["input_mask"][27] = 0
        file["input_mask"][21, :3] = [1, 0, 1]

    with pytest.raises(ShardError, match=r"part_001.hdf5: row 21 has a gap in its input_mask"):
        histogram(data)

    assert histogram(data, skip_bad=True).sequences == 58


def test_rows_that_are_too_long(data: Path) -> None:
    with pytest.raises(ShardError, match="is longer than 9 tokens"):
        histogram(data, 9)

    assert histogram(data, 9, skip_bad=True).counts == expected(data).counts[:9]


def test_a_damaged_file_is_left_out_as_a_whole(data: Path) -> None:
    path = oracle.shards(data)[1]
    whole = expected(data).sequences
    with h5py.File(path, "r") as file:
        offset = file["input_mask"].id.get_chunk_info(9).byte_offset
    spoilt = bytearray(path.read_bytes())
    spoilt[offset : offset + 12] = b"\xff" * 12
    path.write_bytes(spoilt)

    with pytest.raises(ShardError, match="cannot be read"):
        histogram(data)

    assert (histogram(data, skip_bad=True).sequences, whole) == (30, 60)


def test_progress_ends_at_all_rows(data: Path) -> None:
    told: list[tuple[str, int, int]] = []

    inputs = look_at(oracle.shards(data), skip_bad=False)
    length_histogram(inputs, 32, False, SmallBlocks(), lambda *what: told.append(what))

    assert told[-1] == ("reading lengths", 60, 60)


def test_a_mask_of_other_numbers(data: Path) -> None:
    change(oracle.shards(data)[0], "input_mask", (3, 0), 7)

    with pytest.raises(ShardError, match=r"row 3 has an input_mask of other numbers than 0 and 1"):
        histogram(data)
