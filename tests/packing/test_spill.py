"""All sequences in files beside the output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migrator.packing.faults import RowFault
from migrator.packing.sequences.padded import sequences_of
from migrator.packing.sequences.ragged import Sequences
from migrator.packing.sequences.rows import RowFormat, packed_rows
from migrator.packing.sequences.words import NARROW, WIDE, WordFormat
from migrator.packing.spill.drawing import SpillIndex
from migrator.packing.spill.files import SpilledRows, SpillFiles
from migrator.packing.spill.layout import RowSizes, WordLayout
from tests.packing.made_data import random_rows

ROOM = [RowSizes(6, 32, 6)] * 3


def made(lengths: list[int], seed: int = 0) -> Sequences:
    return sequences_of(random_rows(np.random.default_rng(seed), lengths))


def index_of(sequences: Sequences) -> SpillIndex:
    counts = sequences.lengths.astype(np.uint16), sequences.masked_counts.astype(np.uint16)
    return SpillIndex(*counts, sequences.labels.astype(np.int8))


def written(
    files: SpillFiles, row: int, sequences: Sequences, shard: int = 0, faults: list[RowFault] | None = None
) -> SpilledRows:
    """Sequences of rows from `row` on, put where they belong."""
    files.write(shard, row, files.form.tokens(sequences), files.form.masked_tokens(sequences))
    return SpilledRows(row, index_of(sequences), faults or [])


def rows_of(files: SpillFiles, numbers: list[int], per_row: list[int], form: RowFormat) -> dict[str, list[Any]]:
    """These sequences, packed."""
    drawn = files.opened(files.index()).draw(np.array(numbers, np.uint32), np.array(per_row, np.uint16))
    return {key: array.tolist() for key, array in packed_rows(drawn, files.form, form).items()}


@pytest.mark.parametrize("form", [NARROW, WIDE])
def test_sequences_are_drawn_in_any_order(tmp_path: Path, form: WordFormat) -> None:
    files = SpillFiles(tmp_path, form, ROOM)
    first, second = made([3, 9, 1]), made([32, 2], seed=1)
    late = written(files, 3, second)  # threads end in any order
    files.finish([written(files, 0, first), late])
    files.close()

    rows = rows_of(files, [4, 0, 3], [2, 1], RowFormat(32, 8, 2))

    tokens = [[*second.tokens[32:], *first.tokens[:3]], second.tokens[:32]]
    assert [row[: len(some)] for row, some in zip(rows["input_ids"], tokens, strict=True)] == [list(t) for t in tokens]
    counts = [second.masked_counts[1] + first.masked_counts[0], second.masked_counts[0]]
    assert [np.count_nonzero(row) for row in rows["masked_lm_positions"]] == counts
    assert rows["next_sentence_labels"] == [[second.labels[1], first.labels[0]], [second.labels[0], 0]]


def test_every_shard_has_room_of_its_own(tmp_path: Path) -> None:
    files = SpillFiles(tmp_path, NARROW, ROOM)
    shards = [made([32] * 6, seed) for seed in range(3)]
    for number, sequences in enumerate(shards):
        files.finish([written(files, 0, sequences, shard=number)])
    files.close()

    rows = rows_of(files, [0, 5, 6, 17], [1] * 4, RowFormat(32, 8, 1))

    expected = [shards[0].tokens[:32], shards[0].tokens[-32:], shards[1].tokens[:32], shards[2].tokens[-32:]]
    assert rows["input_ids"] == [list(tokens) for tokens in expected]


def test_an_unfinished_shard_is_forgotten(tmp_path: Path) -> None:
    files = SpillFiles(tmp_path, NARROW, ROOM)
    files.finish([written(files, 0, made([3, 9]), faults=[RowFault(7, "is bad")])])
    written(files, 0, made([5]), shard=1)
    files.close()

    again = SpillFiles(tmp_path, NARROW, ROOM)

    assert [len(shard.index) for shard in again.shards] == [2]
    assert again.shards[0].faults == [RowFault(7, "is bad")]
    again.finish([written(again, 0, made([8]), shard=1)])
    assert again.opened(again.index()).draw(np.array([2]), np.array([1])).lengths.tolist() == [8]
    again.close()


def test_nothing_of_an_unreadable_shard_is_kept(tmp_path: Path) -> None:
    files = SpillFiles(tmp_path, NARROW, ROOM)
    files.finish([written(files, 0, made([3, 9]))])
    files.finish([written(files, 0, made([5]), shard=1, faults=[RowFault(1, "is bad")])], "damaged")
    files.finish([written(files, 0, made([8]), shard=2)])
    files.close()

    assert [(len(shard.index), shard.unreadable, shard.faults) for shard in files.shards] == [
        (2, "", []),
        (0, "damaged", []),
        (1, "", []),
    ]
    assert files.opened(files.index()).draw(np.array([2]), np.array([1])).lengths.tolist() == [8]


def test_words_that_are_gone_are_not_made_up(tmp_path: Path) -> None:
    files = SpillFiles(tmp_path, NARROW, ROOM)
    files.finish([written(files, 0, made([3, 9]))])
    files.close()
    (tmp_path / "words").write_bytes((tmp_path / "words").read_bytes()[:-2])

    again = SpillFiles(tmp_path, NARROW, ROOM)

    assert again.shards == []
    again.close()


def test_nor_are_they_after_a_second_kill(tmp_path: Path) -> None:
    files = SpillFiles(tmp_path, NARROW, ROOM)
    for shard in range(3):
        files.finish([written(files, 0, made([3, 9]), shard=shard)])
    files.close()
    (tmp_path / "words").unlink()
    again = SpillFiles(tmp_path, NARROW, ROOM)
    again.finish([written(again, 0, made([3, 9]))])
    again.close()

    third = SpillFiles(tmp_path, NARROW, ROOM)

    assert [len(shard.index) for shard in third.shards] == [2]  # the first alone was written again
    third.close()


def test_no_sequences(tmp_path: Path) -> None:
    files = SpillFiles(tmp_path, NARROW, [RowSizes(0, 0, 0)])
    files.finish([])
    files.close()

    index = files.index()

    assert (len(index), index.tokens, index.masked_tokens) == (0, 0, 0)
    drawn = files.opened(index).draw(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert (len(drawn.lengths), len(drawn.words)) == (0, 0)


def test_holes_take_no_space(tmp_path: Path) -> None:
    rows = 100_000
    files = SpillFiles(tmp_path, NARROW, [RowSizes(rows, 512, 80)])
    files.finish([written(files, rows - 1, made([32]))])
    files.close()

    stat = (tmp_path / "words").stat()
    assert (stat.st_size, stat.st_blocks * 512 < 2**20) == (rows * 512 * 2, True)


def test_runs_begin_where_their_first_rows_do() -> None:
    layout = WordLayout(rows=[4, 0, 2], widths=[10, 0, 5])
    runs = [np.array([[0, 2], [2, 0], [3, 1]]), np.zeros((0, 2), np.int64), np.array([[1, 1]])]

    starts = layout.starts(np.array([4, 9, 10, 5]), runs)

    assert (starts.tolist(), layout.words) == ([0, 4, 30, 45], 50)


def test_starts_past_what_32_bits_hold() -> None:
    layout = WordLayout(rows=[2**31], widths=[512])
    starts = layout.starts(np.array([7, 7]), [np.array([[2**31 - 2, 2]])])
    assert starts.tolist() == [512 * (2**31 - 2), 512 * (2**31 - 2) + 7]


def test_totals_wider_than_the_type_of_the_counts() -> None:
    many = np.full(3, 65535, np.uint16)
    index = SpillIndex(many, many, np.zeros(3, np.int8))
    assert (index.tokens, index.masked_tokens) == (3 * 65535, 3 * 65535)
