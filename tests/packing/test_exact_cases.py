"""Data at the borders of what can be packed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.packing import oracle
from tests.packing.made_data import CONTIGUOUS, Kind, random_rows, shard_name, write_data, write_shard
from tests.packing.runs import assert_all_there, packed

MIXED = [5, 9, 32, 1, 17, 28, 3, 3, 12, 20]


def test_one_shard_of_one_row(tmp_path: Path) -> None:
    source = write_data(tmp_path / "in", [[7]])

    made = packed(source, tmp_path / "out")

    assert_all_there(source, tmp_path / "out")
    assert (made.manifest["rows"], made.manifest["sequences_per_row"]) == (1, 1)


def test_one_file_instead_of_a_folder(tmp_path: Path) -> None:
    source = write_data(tmp_path / "in", [MIXED])

    packed(source / shard_name(0), tmp_path / "out")

    assert_all_there(source, tmp_path / "out")


@pytest.mark.parametrize("lengths", [[[], MIXED, []], [MIXED, [], [4]]])
def test_shards_without_rows(tmp_path: Path, lengths: list[list[int]]) -> None:
    source = write_data(tmp_path / "in", lengths)

    made = packed(source, tmp_path / "out")

    assert_all_there(source, tmp_path / "out")
    assert [file["sequences"] for file in made.manifest["input"]["files"]] == [len(some) for some in lengths]


def test_more_shards_asked_for_than_there_are_rows(tmp_path: Path) -> None:
    source = write_data(tmp_path / "in", [[20, 20, 20]])

    made = packed(source, tmp_path / "out", shards=10)

    assert_all_there(source, tmp_path / "out")
    assert [file["rows"] for file in made.manifest["files"]] == [1, 1, 1]


def test_as_many_shards_as_asked_for(tmp_path: Path) -> None:
    source = write_data(tmp_path / "in", [[20] * 11])

    made = packed(source, tmp_path / "out", shards=3)

    assert_all_there(source, tmp_path / "out")
    assert [file["rows"] for file in made.manifest["files"]] == [3, 4, 4]


def test_rows_longer_than_those_of_the_input(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    source = write_data(tmp_path / "in", [rng.integers(1, 129, 60).tolist()] * 2, Kind(128, 20))

    made = packed(source, tmp_path / "out", row_length=512, unlimited=True)

    assert_all_there(source, tmp_path / "out")
    assert made.manifest["row_length"] == 512
    assert made.manifest["rows"] < 120 / 3


def test_shards_of_differing_widths(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    write_shard(tmp_path / "in" / "a.hdf5", random_rows(rng, MIXED, Kind(32, 6)))
    write_shard(tmp_path / "in" / "b.h5", random_rows(rng, [40, 2], Kind(40, 3)))
    expected = oracle.padded(tmp_path / "in")
    (tmp_path / "in" / "b.h5").rename(tmp_path / "in" / "b.hdf5")

    made = packed(tmp_path / "in", tmp_path / "out", row_length=48)

    assert_all_there(tmp_path / "in", tmp_path / "out")
    assert oracle.packed(tmp_path / "out") >= expected
    assert made.manifest["predictions_per_row"] >= 6


def test_both_endings_of_names_are_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    write_shard(tmp_path / "in" / "a.hdf5", random_rows(rng, MIXED))
    write_shard(tmp_path / "in" / "b.h5", random_rows(rng, [4, 2]))

    made = packed(tmp_path / "in", tmp_path / "out")

    assert [file["name"] for file in made.manifest["input"]["files"]] == ["a.hdf5", "b.h5"]
    assert made.manifest["sequences"] == len(MIXED) + 2


def test_as_many_masked_columns_as_the_fullest_row_needs(tmp_path: Path) -> None:
    rows = random_rows(np.random.default_rng(1), [4] * 16, Kind(32, 3))
    rows["masked_lm_positions"][:] = [1, 2, 3]
    rows["masked_lm_ids"][:] = [0, 7, 8]  # a masked token may have been [PAD], id 0
    write_shard(tmp_path / "in" / "a.hdf5", rows)

    made = packed(tmp_path / "in", tmp_path / "out", unlimited=True)

    assert_all_there(tmp_path / "in", tmp_path / "out")
    assert (made.manifest["rows"], made.manifest["predictions_per_row"]) == (2, 24)


@pytest.mark.parametrize("width", [0, 1])
def test_rows_without_masked_tokens(tmp_path: Path, width: int) -> None:
    rows = random_rows(np.random.default_rng(1), MIXED, Kind(32, 0))
    for key in ("masked_lm_positions", "masked_lm_ids"):
        rows[key] = np.zeros((len(MIXED), width), np.int64)
    write_shard(tmp_path / "in" / "a.hdf5", rows, CONTIGUOUS)

    made = packed(tmp_path / "in", tmp_path / "out")

    assert_all_there(tmp_path / "in", tmp_path / "out")
    assert made.manifest["masked_tokens"] == 0


def test_only_the_last_shard_has_ids_too_wide_for_small_words(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for number, vocabulary in enumerate((30522, 30522, 2**24)):
        write_shard(tmp_path / "in" / shard_name(number), random_rows(rng, MIXED, Kind(vocabulary=vocabulary)))

    packed(tmp_path / "in", tmp_path / "out")

    assert_all_there(tmp_path / "in", tmp_path / "out")


@pytest.mark.parametrize(("key", "value"), [("input_ids", 2**15), ("masked_lm_ids", 2**15), ("segment_ids", 2)])
def test_one_number_too_wide_for_small_words(tmp_path: Path, key: str, value: int) -> None:
    rows = random_rows(np.random.default_rng(1), MIXED)
    rows["masked_lm_positions"][0] = [1, 2, 3, 0, 0, 0]
    rows["masked_lm_ids"][0] = [5, 6, 7, 0, 0, 0]
    rows[key][0, 1] = value
    write_shard(tmp_path / "in" / "a.hdf5", rows)

    packed(tmp_path / "in", tmp_path / "out")

    assert_all_there(tmp_path / "in", tmp_path / "out")


def test_more_sequences_a_row_than_a_byte_counts(tmp_path: Path) -> None:
    source = write_data(tmp_path / "in", [[1] * 700, [2] * 150, [200, 150]], Kind(512, 3))

    made = packed(source, tmp_path / "out", unlimited=True)

    assert_all_there(source, tmp_path / "out")
    assert made.manifest["sequences_per_row"] > 255
    assert oracle.arrays(oracle.shards(tmp_path / "out")[0])["input_mask"].dtype == np.int16


def test_127_sequences_a_row_are_counted_in_bytes(tmp_path: Path) -> None:
    source = write_data(tmp_path / "in", [[1] * 500], Kind(512, 3))

    packed(source, tmp_path / "out", per_row=127)

    assert_all_there(source, tmp_path / "out")
    assert oracle.arrays(oracle.shards(tmp_path / "out")[0])["input_mask"].dtype == np.int8


@pytest.mark.parametrize("row_length", [32767, 32768, 65535])
def test_the_longest_rows(tmp_path: Path, row_length: int) -> None:
    """A row whose masked token is its last one, and two that share a row."""
    lengths = [row_length, row_length - 9, 9]
    rows = random_rows(np.random.default_rng(1), lengths, Kind(row_length, 4))
    rows["masked_lm_positions"][:2] = [[1, 2, 3, length - 1] for length in lengths[:2]]
    write_shard(tmp_path / "in" / "a.hdf5", rows)

    made = packed(tmp_path / "in", tmp_path / "out")

    assert_all_there(tmp_path / "in", tmp_path / "out")
    assert made.manifest["rows"] == 2


def test_more_tokens_and_masked_tokens_than_16_bits_count(tmp_path: Path) -> None:
    kind = Kind(512, 200)
    rows = random_rows(np.random.default_rng(1), [400, 112] * 200, kind)
    every = np.arange(1, 112)
    rows["masked_lm_positions"][:, :111], rows["masked_lm_positions"][:, 111:] = every, 0
    rows["masked_lm_ids"][:, :111], rows["masked_lm_ids"][:, 111:] = every + 9, 0
    rows["masked_lm_positions"][::2, :200] = np.arange(200, 400)
    rows["masked_lm_ids"][::2, :200] = np.arange(200)
    write_shard(tmp_path / "in" / "a.hdf5", rows)

    made = packed(tmp_path / "in", tmp_path / "out", per_row=3)

    assert_all_there(tmp_path / "in", tmp_path / "out")
    assert (made.manifest["rows"], made.manifest["predictions_per_row"]) == (200, 311)
    assert made.manifest["masked_tokens"] == 200 * 311 > 2**15


def test_every_label_that_fits_a_byte(tmp_path: Path) -> None:
    rows = random_rows(np.random.default_rng(1), [3] * 256)
    rows["next_sentence_labels"] = np.arange(-128, 128)
    write_shard(tmp_path / "in" / "a.hdf5", rows)

    packed(tmp_path / "in", tmp_path / "out")

    assert_all_there(tmp_path / "in", tmp_path / "out")


def test_equal_sequences_are_all_kept(tmp_path: Path) -> None:
    rows = random_rows(np.random.default_rng(1), [9])
    write_shard(tmp_path / "in" / "a.hdf5", {key: np.repeat(array, 50, axis=0) for key, array in rows.items()})

    packed(tmp_path / "in", tmp_path / "out")

    assert_all_there(tmp_path / "in", tmp_path / "out")
    assert list(oracle.packed(tmp_path / "out").values()) == [50]
