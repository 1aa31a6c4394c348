"""Files that are no shard: a clear error, or left out with a report where that was asked for."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from migrator.errors import UsageError
from migrator.packing.faults import ShardError
from tests.packing import oracle
from tests.packing.made_data import DTYPES, Kind, Storage, random_rows, shard_name, write_data, write_shard
from tests.packing.runs import packed

LENGTHS = [7, 9, 32, 4, 5, 8, 20, 11]


def changed(key: str, change: Callable[[h5py.File], None]) -> Callable[[Path], None]:
    """Takes a dataset out of a shard and puts something else in its place."""

    def change_file(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            del file[key]
            change(file)

    return change_file


def replaced(key: str, array: object) -> Callable[[Path], None]:
    return changed(key, lambda file: file.create_dataset(key, data=array))


def two_missing(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["masked_lm_ids"], file["next_sentence_labels"]


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "lacks one": (changed("segment_ids", lambda file: None), "it lacks segment_ids, which a shard of"),
    "lacks two": (two_missing, "it lacks masked_lm_ids, next_sentence_labels, which a shard of"),
    "a group for a dataset": (changed("input_mask", lambda f: f.create_group("input_mask")), "it lacks input_mask"),
    "fewer rows": (replaced("segment_ids", np.zeros((7, 32), "i1")), "segment_ids has the shape (7, 32); beside"),
    "narrower": (replaced("segment_ids", np.zeros((8, 31), "i1")), "segment_ids has the shape (8, 31); beside"),
    "masked differ": (replaced("masked_lm_ids", np.zeros((8, 5), "i4")), "masked_lm_ids has the shape (8, 5); beside"),
    "wide labels": (replaced("next_sentence_labels", np.zeros((8, 2), "i1")), "next_sentence_labels has the shape"),
    "flat ids": (replaced("input_ids", np.zeros(256, "i4")), "input_ids has the shape (256,), not [rows, width]"),
    "one number": (replaced("input_ids", np.int32(5)), "input_ids has the shape (), not [rows, width]"),
    "floats": (replaced("input_ids", np.zeros((8, 32), "f4")), "input_ids holds float32, not whole numbers"),
    "booleans": (replaced("input_mask", np.ones((8, 32), bool)), "input_mask holds bool, not whole numbers"),
    "texts": (replaced("next_sentence_labels", [b"0"] * 8), "next_sentence_labels holds object, not whole numbers"),
    "not HDF5": (lambda path: path.write_text("input_ids: 101 7592 102\n" * 99), "not a readable HDF5 file"),
    "empty": (lambda path: path.write_bytes(b""), "not a readable HDF5 file"),
    "packed rows": (
        lambda path: h5py.File(path, "r+").create_dataset("positions", data=np.zeros((8, 32), "i2")),
        "it lacks next_sentence_positions, next_sentence_weights, which a packed shard has",
    ),
}


@pytest.mark.parametrize(("spoil", "what"), FILES.values(), ids=FILES)
def test_a_bad_file(tmp_path: Path, spoil: Callable[[Path], object], what: str) -> None:
    source = write_data(tmp_path / "in", [[3, 30, 12], LENGTHS, [9, 9]])
    expected = oracle.padded_shard(source / shard_name(0)) + oracle.padded_shard(source / shard_name(2))
    spoil(source / shard_name(1))

    assert_refused_or_left_out(source, what, expected)


def assert_refused_or_left_out(source: Path, what: str, expected: list[bytes]) -> None:
    """The file `shard_name(1)`; the others hold the `expected` sequences."""
    output = source.with_name("out")
    with pytest.raises(ShardError) as error:
        packed(source, output)

    assert error.value.message.startswith(f"{source / shard_name(1)}: {what}")
    assert [path.name for path in source.parent.iterdir()] == ["in"]

    made = packed(source, output, skip_bad=True)

    assert sorted(oracle.packed(output).elements()) == sorted(expected)
    oracle.assert_told_right(output)
    [left_out] = made.left_out
    assert (left_out["file"], left_out["row"]) == (shard_name(1), None)
    assert left_out["what"].startswith(what)


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.6, 0.9, 0.9999])
def test_a_truncated_file(tmp_path: Path, share: float) -> None:
    source = write_data(tmp_path / "in", [[3, 30, 12], LENGTHS * 20, [9, 9]])
    expected = oracle.padded_shard(source / shard_name(0)) + oracle.padded_shard(source / shard_name(2))
    whole = (source / shard_name(1)).read_bytes()
    (source / shard_name(1)).write_bytes(whole[: int(len(whole) * share)])

    assert_refused_or_left_out(source, "not a readable HDF5 file", expected)


@pytest.mark.parametrize("key", DTYPES)
@pytest.mark.parametrize("storage", [Storage(chunk=(4, 32)), Storage({"compression": "lzf", "fletcher32": True})])
def test_damage_in_the_middle_of_a_file(tmp_path: Path, key: str, storage: Storage) -> None:
    """Blocks before it may have been read, and are not kept."""
    source = write_data(tmp_path / "in", [[3, 30, 12], LENGTHS, [9, 9]], storage=storage)
    expected = oracle.padded_shard(source / shard_name(0)) + oracle.padded_shard(source / shard_name(2))
    with h5py.File(source / shard_name(1)) as file:
        chunks = file[key].id
        chunk = chunks.get_chunk_info(chunks.get_num_chunks() - 1)
    content = bytearray((source / shard_name(1)).read_bytes())
    middle = chunk.byte_offset + chunk.size // 2
    content[middle : middle + 2] = bytes(byte ^ 0x5A for byte in content[middle : middle + 2])
    (source / shard_name(1)).write_bytes(content)

    assert_refused_or_left_out(source, "rows ", expected)


def test_rows_of_differing_lengths(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    write_shard(tmp_path / "in" / "a.hdf5", random_rows(rng, LENGTHS, Kind(32, 6)))
    write_shard(tmp_path / "in" / "b.hdf5", random_rows(rng, [40, 2], Kind(40, 6)))

    with pytest.raises(UsageError, match="rows of 32 and 40 tokens") as error:
        packed(tmp_path / "in", tmp_path / "out")

    assert "--max-seq-len" in error.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_input_that_is_packed_already(tmp_path: Path) -> None:
    source = write_data(tmp_path / "in", [LENGTHS])
    packed(source, tmp_path / "once")

    with pytest.raises(ShardError, match=r"packed_training_0000.hdf5: its rows are packed already") as error:
        packed(tmp_path / "once", tmp_path / "twice")

    assert "migrate unpack" in error.value.hint
    assert not list(tmp_path.glob("twice*"))


@pytest.mark.parametrize("row_length", [0, -1, 65536])
def test_rows_of_a_length_that_cannot_be(tmp_path: Path, row_length: int) -> None:
    source = write_data(tmp_path / "in", [LENGTHS])

    with pytest.raises(UsageError, match=f"rows of {row_length} tokens: from 1 to 65535"):
        packed(source, tmp_path / "out", row_length=row_length)

    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_folder_without_shards(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "readme.txt").write_text("no data here")

    with pytest.raises(UsageError, match=r"in holds no \*.hdf5 or \*.h5 file"):
        packed(tmp_path / "in", tmp_path / "out")


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="in does not exist"):
        packed(tmp_path / "in", tmp_path / "out")


def test_shards_without_any_row(tmp_path: Path) -> None:
    source = write_data(tmp_path / "in", [[], []])

    with pytest.raises(UsageError, match="in: holds no sequences"):
        packed(source, tmp_path / "out")

    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_no_file_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.hdf5").write_bytes(b"nothing")

    with pytest.raises(UsageError) as error:
        packed(tmp_path / "in", tmp_path / "out", skip_bad=True)

    assert error.value.details[0].startswith("a.hdf5: not a readable HDF5 file")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def moved_chunk(path: Path, row: int) -> None:
    """The index of the segments' chunks says that the second one is at `row`."""
    with h5py.File(path) as file:
        chunk = file["segment_ids"].id.get_chunk_info(1)
    index = "<IIQQQQ"  # an entry of a version 1 B-tree: size, filter mask, row, column, element, place in the file
    entry = struct.pack(index, chunk.size, 0, *chunk.chunk_offset, 0, chunk.byte_offset)
    content = path.read_bytes()
    assert content.count(entry) == 1
    path.write_bytes(content.replace(entry, struct.pack(index, chunk.size, 0, row, 0, 0, chunk.byte_offset)))


@pytest.mark.parametrize("row", [5, 0, 400])
def test_a_damaged_index_of_chunks(tmp_path: Path, row: int) -> None:
    """Unnoticed, it would hide rows, as if they had never been written."""
    source = write_data(tmp_path / "in", [[3, 30, 12], LENGTHS, [9, 9]], storage=Storage(chunk=(4, 32)))
    expected = oracle.padded_shard(source / shard_name(0)) + oracle.padded_shard(source / shard_name(2))
    moved_chunk(source / shard_name(1), row)

    assert_refused_or_left_out(source, "not a readable HDF5 file", expected)


def test_an_index_of_chunks_that_is_gone(tmp_path: Path) -> None:
    source = write_data(tmp_path / "in", [[3, 30, 12], LENGTHS, [9, 9]], storage=Storage(chunk=(4, 32)))
    expected = oracle.padded_shard(source / shard_name(0)) + oracle.padded_shard(source / shard_name(2))
    content = (source / shard_name(1)).read_bytes()
    at = content.rindex(b"TREE")
    (source / shard_name(1)).write_bytes(content[:at] + b"EERT" + content[at + 4 :])

    assert_refused_or_left_out(source, "not a readable HDF5 file", expected)
