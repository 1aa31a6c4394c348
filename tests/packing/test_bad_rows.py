"""Rows that are no sequence: a clear error, or left out with a report where that was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from migrator.errors import UsageError
from migrator.packing.faults import ShardError
from tests.packing import oracle
from tests.packing.made_data import Kind, Rows, Storage, random_rows, shard_name, write_data, write_shard
from tests.packing.runs import packed

BAD = 5  # the row; with blocks of two rows it is not in the first
SMALL = Storage(chunk=(2, 32))
LENGTHS = [7, 9, 32, 4, 5, 8, 20, 11]  # of the shard that gets a bad row; the bad one's is 8


def emptied(rows: Rows) -> None:
    for array in rows.values():
        array[BAD] = 0


def gap_in_mask(rows: Rows) -> None:
    rows["input_mask"][BAD, 3] = 0


def mask_begins_late(rows: Rows) -> None:
    rows["input_mask"][BAD, 0] = 0


def mask_of_two(rows: Rows) -> None:
    rows["input_mask"][BAD, 4:8] = 2


def negative_mask(rows: Rows) -> None:
    rows["input_mask"][BAD, 0] = -1


def ids_behind(rows: Rows) -> None:
    rows["input_ids"][BAD, 31] = 102


def segments_behind(rows: Rows) -> None:
    rows["segment_ids"][BAD, 8] = 1


def negative_id(rows: Rows) -> None:
    rows["input_ids"][BAD, 2] = -1


def huge_id(rows: Rows) -> None:
    rows["input_ids"][BAD, 2] = 2**24


def negative_segment(rows: Rows) -> None:
    rows["segment_ids"][BAD, 2] = -1


def masked_outside(rows: Rows) -> None:
    rows["masked_lm_positions"][BAD] = [1, 2, 8, 0, 0, 0]
    rows["masked_lm_ids"][BAD] = [5, 6, 7, 0, 0, 0]


def masked_far_outside(rows: Rows) -> None:
    rows["masked_lm_positions"][BAD] = [1, 2, 2**31 - 1, 0, 0, 0]
    rows["masked_lm_ids"][BAD] = [5, 6, 7, 0, 0, 0]


def negative_position(rows: Rows) -> None:
    rows["masked_lm_positions"][BAD] = [1, -2, 3, 0, 0, 0]
    rows["masked_lm_ids"][BAD] = [5, 6, 7, 0, 0, 0]


def gap_in_positions(rows: Rows) -> None:
    rows["masked_lm_positions"][BAD] = [1, 0, 3, 0, 0, 0]
    rows["masked_lm_ids"][BAD] = [5, 0, 7, 0, 0, 0]


def id_without_position(rows: Rows) -> None:
    rows["masked_lm_positions"][BAD] = [1, 0, 0, 0, 0, 0]
    rows["masked_lm_ids"][BAD] = [5, 6, 0, 0, 0, 0]


def negative_masked_id(rows: Rows) -> None:
    rows["masked_lm_positions"][BAD] = [1, 2, 0, 0, 0, 0]
    rows["masked_lm_ids"][BAD] = [5, -6, 0, 0, 0, 0]


FAULTS = [
    (emptied, "holds no tokens"),
    (gap_in_mask, "has a gap in its input_mask"),
    (mask_begins_late, "has a gap in its input_mask"),
    (mask_of_two, "has an input_mask of other numbers than 0 and 1"),
    (negative_mask, "has an input_mask of other numbers than 0 and 1"),
    (ids_behind, "has token ids behind the end of its input_mask"),
    (segments_behind, "has segment ids behind the end of its input_mask"),
    (negative_id, "has a token id below 0"),
    (huge_id, "has a token id below 0 or above 16,777,215"),
    (negative_segment, "has a segment id below 0"),
    (masked_outside, "has masked tokens outside it"),
    (masked_far_outside, "has masked tokens outside it"),
    (negative_position, "has masked tokens outside it"),
    (gap_in_positions, "has a gap in its masked_lm_positions"),
    (id_without_position, "has masked_lm_ids without a position"),
    (negative_masked_id, "has a masked_lm_id below 0"),
]


def data_with(spoil: Callable[[Rows], None], folder: Path) -> tuple[Path, Counter[bytes]]:
    """A good shard and one with a bad row; and the sequences of all other rows."""
    write_data(folder / "in", [[3, 30, 12]], storage=SMALL)
    rows = random_rows(np.random.default_rng(3), LENGTHS)
    good = {key: np.delete(array, BAD, axis=0) for key, array in rows.items()}
    expected = oracle.padded(folder / "in")
    expected += oracle.padded(write_shard(folder / "good" / "a.hdf5", good).parent)
    spoil(rows)
    write_shard(folder / "in" / shard_name(1), rows, SMALL)
    return folder / "in", expected


@pytest.mark.parametrize(("spoil", "what"), FAULTS, ids=[spoil.__name__ for spoil, _ in FAULTS])
def test_a_bad_row(tmp_path: Path, spoil: Callable[[Rows], None], what: str) -> None:
    source, expected = data_with(spoil, tmp_path)

    with pytest.raises(ShardError) as error:
        packed(source, tmp_path / "out")

    assert error.value.message.startswith(f"{source / shard_name(1)}: row {BAD} {what}")
    assert "--skip-bad" in error.value.hint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good", "in"]

    made = packed(source, tmp_path / "out", skip_bad=True)

    assert oracle.packed(tmp_path / "out") == expected
    oracle.assert_told_right(tmp_path / "out")
    [left_out] = made.left_out
    assert (left_out["file"], left_out["row"]) == (shard_name(1), BAD)
    assert left_out["what"].startswith(what)
    assert packed(source, tmp_path / "out", skip_bad=True).left_out == made.left_out


def test_a_sequence_longer_than_packed_rows(tmp_path: Path) -> None:
    source = write_data(tmp_path / "in", [[4, 16, 17, 20]], storage=SMALL)

    with pytest.raises(ShardError, match=r"part_000.hdf5: row 2 is longer than 16 tokens"):
        packed(source, tmp_path / "out", row_length=16)

    made = packed(source, tmp_path / "out", row_length=16, skip_bad=True)

    assert [entry["row"] for entry in made.left_out] == [2, 3]
    assert sum(oracle.packed(tmp_path / "out").values()) == 2


def test_a_sequence_with_more_masked_tokens_than_allowed(tmp_path: Path) -> None:
    rows = random_rows(np.random.default_rng(1), [8, 8, 8], Kind(32, 4))
    rows["masked_lm_positions"][:] = [[1, 2, 0, 0], [1, 2, 3, 4], [1, 2, 3, 0]]
    rows["masked_lm_ids"][:] = [[1, 2, 0, 0], [1, 2, 3, 4], [1, 2, 3, 0]]
    write_shard(tmp_path / "in" / "a.hdf5", rows)

    with pytest.raises(ShardError, match=r"a.hdf5: row 1 has more than 3 masked tokens"):
        packed(tmp_path / "in", tmp_path / "out", most_masked=3)

    made = packed(tmp_path / "in", tmp_path / "out", most_masked=3, skip_bad=True)

    assert [entry["row"] for entry in made.left_out] == [1]
    assert made.manifest["sequences"] == 2


def test_bad_rows_of_many_blocks_and_shards(tmp_path: Path) -> None:
    """The report has each of them once, in the order of the input."""
    rng = np.random.default_rng(5)
    expected, bad = Counter[bytes](), []
    for number in range(3):
        rows = random_rows(rng, rng.integers(1, 33, 40).tolist())
        wrong = np.sort(rng.choice(40, 9, replace=False)).tolist()
        good = {key: np.delete(array, wrong, axis=0) for key, array in rows.items()}
        expected += oracle.padded(write_shard(tmp_path / f"good{number}" / "a.hdf5", good).parent)
        rows["input_ids"][wrong, 0] = -7
        write_shard(tmp_path / "in" / shard_name(number), rows, Storage(chunk=(4, 32)))
        bad += [(shard_name(number), row) for row in wrong]

    made = packed(tmp_path / "in", tmp_path / "out", skip_bad=True)

    assert [(entry["file"], entry["row"]) for entry in made.left_out] == bad
    assert oracle.packed(tmp_path / "out") == expected


def test_all_rows_bad(tmp_path: Path) -> None:
    rows = random_rows(np.random.default_rng(1), LENGTHS)
    rows["input_ids"][:, 0] = -1
    write_shard(tmp_path / "in" / "a.hdf5", rows)

    with pytest.raises(UsageError) as error:
        packed(tmp_path / "in", tmp_path / "out", skip_bad=True)

    assert "holds no sequences that can be packed" in error.value.message
    assert error.value.details[0] == "a.hdf5, row 0: has a token id below 0 or above 16,777,215"
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
