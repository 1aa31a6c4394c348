"""Unpacking gives back what was packed: every sequence once, in the types and widths that the data had."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.packing.memory import Memory
from migrator.packing.progress import Progress, unheard
from migrator.packing.unpacking.unpack import Unpacked, unpack
from migrator.packing.unpacking.unpacked_form import NOT_SAID, Widths
from tests.packing import oracle
from tests.packing.made_data import NVIDIA, Kind, Storage, random_rows, write_data, write_shard
from tests.packing.runs import SmallBlocks, packed, small_chunks
from tests.packing.test_exact import STORAGES, data_sets, options

LENGTHS = [[5, 9, 32, 1, 17], [28, 3, 3, 12, 20], [7, 7, 1]]
OTHER_TYPES = Storage(dtypes={"input_ids": "<i8", "input_mask": "u1", "masked_lm_ids": ">i4", "segment_ids": "<i8"})


def unpacked(
    source: Path,
    output: Path,
    memory: Memory | None = None,
    progress: Progress = unheard,
    widths: Widths = NOT_SAID,
) -> Unpacked:
    with small_chunks():
        return unpack(source, output, memory or SmallBlocks(), progress, widths)


def exact_rows(folder: Path) -> Counter[tuple[tuple[str, str, bytes], ...]]:
    """Every row with the name, the type and the bytes of each of its datasets."""
    found: Counter[tuple[tuple[str, str, bytes], ...]] = Counter()
    for path in oracle.shards(folder):
        with h5py.File(path, "r") as file:
            arrays = sorted((key, file[key].dtype.str, file[key][()]) for key in file)
        for row in range(len(arrays[0][2])):
            found[tuple((key, dtype, array[row].tobytes()) for key, dtype, array in arrays)] += 1
    return found


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_unpacked_is_what_was_packed(data: st.DataObject) -> None:
    lengths, kind = data.draw(data_sets())
    memory = SmallBlocks(workers=data.draw(st.integers(1, 3)), chunks=data.draw(st.integers(1, 3)))
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = write_data(folder / "in", lengths, kind, data.draw(STORAGES | st.just(OTHER_TYPES)))
        packed(source, folder / "packed", memory, **data.draw(options(kind.row_length)))

        done = unpacked(folder / "packed", folder / "out", memory)
        packed(folder / "out", folder / "again")

        assert exact_rows(folder / "out") == exact_rows(source)
        assert oracle.packed(folder / "again") == oracle.packed(folder / "packed")
        assert done.sequences == sum(map(len, lengths))
        assert done.files == len(oracle.shards(folder / "packed")) == len(oracle.shards(folder / "out"))
        assert not list(folder.glob("*.partial"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A packed folder of three shards."""
    packed(write_data(tmp_path / "in", LENGTHS), tmp_path / "packed")
    return tmp_path / "packed"


def test_sequences_come_in_the_order_of_the_packed_rows(folder: Path, tmp_path: Path) -> None:
    unpacked(folder, tmp_path / "out")

    assert [path.name for path in oracle.shards(tmp_path / "out")] == [
        f"unpacked_training_000{number}.hdf5" for number in range(3)
    ]
    found = [sequence for path in oracle.shards(tmp_path / "out") for sequence in oracle.padded_shard(path)]
    assert found == oracle.in_order(folder)


def test_equal_bytes_whatever_the_number_of_workers(folder: Path, tmp_path: Path) -> None:
    unpacked(folder, tmp_path / "one", SmallBlocks(workers=1))
    unpacked(folder, tmp_path / "three", SmallBlocks(workers=3, chunks=5))

    one, three = oracle.shards(tmp_path / "one"), oracle.shards(tmp_path / "three")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in three]


def test_shards_of_differing_types_get_the_widest(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    write_shard(tmp_path / "in" / "a.hdf5", random_rows(rng, [5, 9]), NVIDIA)
    write_shard(tmp_path / "in" / "b.hdf5", random_rows(rng, [4]), Storage(dtypes={"input_mask": "u1"}))
    packed(tmp_path / "in", tmp_path / "packed")

    unpacked(tmp_path / "packed", tmp_path / "out")

    types = {oracle.arrays(path)["input_mask"].dtype for path in oracle.shards(tmp_path / "out")}
    assert types == {np.dtype(np.int16)}
    assert oracle.padded(tmp_path / "out") == oracle.padded(tmp_path / "in")


def test_rows_get_back_their_own_length(tmp_path: Path) -> None:
    source = write_data(tmp_path / "in", LENGTHS)
    packed(source, tmp_path / "packed", row_length=128)

    done = unpacked(tmp_path / "packed", tmp_path / "out")

    assert (done.row_length, done.masked_width) == (32, 6)
    assert exact_rows(tmp_path / "out") == exact_rows(source)


def test_widths_that_are_asked_for(folder: Path, tmp_path: Path) -> None:
    done = unpacked(folder, tmp_path / "out", widths=Widths(40, 9))

    shapes = {key: array.shape[1:] for key, array in oracle.arrays(oracle.shards(tmp_path / "out")[0]).items()}
    assert (done.row_length, done.masked_width) == (40, 9)
    assert (shapes["input_ids"], shapes["masked_lm_ids"], shapes["next_sentence_labels"]) == ((40,), (9,), ())
    assert oracle.padded(tmp_path / "out") == oracle.padded(tmp_path / "in")


def test_without_a_masked_token(tmp_path: Path) -> None:
    rows = random_rows(np.random.default_rng(1), [5, 9, 30], Kind(32, 1))
    rows["masked_lm_positions"][:] = rows["masked_lm_ids"][:] = 0
    write_shard(tmp_path / "in" / "a.hdf5", rows)
    packed(tmp_path / "in", tmp_path / "packed")
    (tmp_path / "packed" / "manifest.json").unlink()

    unpacked(tmp_path / "packed", tmp_path / "out")

    assert oracle.padded(tmp_path / "out") == oracle.padded(tmp_path / "in")
