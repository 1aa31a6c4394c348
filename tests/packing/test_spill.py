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
from migrator.packing.spill import SpillIndex
from migrator.packing.spill_files import SpillFiles, SpillPart
from tests.packing.made_data import random_rows


def made(lengths: list[int], seed: int = 0) -> Sequences:
    return sequences_of(random_rows(np.random.default_rng(seed), lengths))


def index_of(sequences: Sequences) -> SpillIndex:
    counts = sequences.lengths.astype(np.uint16), sequences.masked_counts.astype(np.uint16)
    return SpillIndex(*counts, sequences.labels.astype(np.int8))


def add(files: SpillFiles, sequences: Sequences, faults: list[RowFault] | None = None) -> None:
    words = files.form.tokens(sequences), files.form.masked_tokens(sequences)
    files.append(SpillPart(index_of(sequences), *words, faults or []))


def rows_of(files: SpillFiles, numbers: list[int], per_row: list[int], form: RowFormat) -> dict[str, list[Any]]:
    """These sequences, packed."""
    drawn = files.opened(files.index()).draw(np.array(numbers, np.uint32), np.array(per_row, np.uint16))
    return {key: array.tolist() for key, array in packed_rows(drawn, files.form, form).items()}


@pytest.mark.parametrize("form", [NARROW, WIDE])
def test_sequences_are_drawn_in_any_order(tmp_path: Path, form: WordFormat) -> None:
    files = SpillFiles(tmp_path, form)
    first, second = made([3, 9, 1]), made([32, 2], seed=1)
    add(files, first)
    add(files, second)
    files.finish()
    files.close()

    rows = rows_of(files, [4, 0, 3], [2, 1], RowFormat(32, 8, 2))

    tokens = [[*second.tokens[32:], *first.tokens[:3]], second.tokens[:32]]
    assert [row[: len(some)] for row, some in zip(rows["input_ids"], tokens, strict=True)] == [list(t) for t in tokens]
    counts = [second.masked_counts[1] + first.masked_counts[0], second.masked_counts[0]]
    assert [np.count_nonzero(row) for row in rows["masked_lm_positions"]] == counts
    assert rows["next_sentence_labels"] == [[second.labels[1], first.labels[0]], [second.labels[0], 0]]


def test_an_unfinished_shard_is_forgotten(tmp_path: Path) -> None:
    files = SpillFiles(tmp_path, NARROW)
    add(files, made([3, 9]), [RowFault(7, "is bad")])
    files.finish()
    add(files, made([5]))
    files.close()

    again = SpillFiles(tmp_path, NARROW)

    assert [len(shard.index) for shard in again.shards] == [2]
    assert again.shards[0].faults == [RowFault(7, "is bad")]
    assert (tmp_path / "words").stat().st_size == 12 * NARROW.token.itemsize
    again.close()


def test_nothing_of_an_unreadable_shard_is_kept(tmp_path: Path) -> None:
    files = SpillFiles(tmp_path, NARROW)
    add(files, made([3, 9]))
    files.finish()
    add(files, made([5]), [RowFault(1, "is bad")])
    files.leave_out("damaged")
    add(files, made([6]))
    files.finish()
    add(files, made([8]))
    files.finish()
    files.close()

    assert [(len(shard.index), shard.unreadable, shard.faults) for shard in files.shards] == [
        (2, "", []),
        (0, "damaged", []),
        (1, "", []),
    ]
    assert files.opened(files.index()).draw(np.array([2]), np.array([1])).lengths.tolist() == [8]


def test_words_that_are_gone_are_not_made_up(tmp_path: Path) -> None:
    files = SpillFiles(tmp_path, NARROW)
    add(files, made([3, 9]))
    files.finish()
    files.close()
    (tmp_path / "words").write_bytes((tmp_path / "words").read_bytes()[:-2])

    again = SpillFiles(tmp_path, NARROW)

    assert again.shards == []
    again.close()


def test_no_sequences(tmp_path: Path) -> None:
    files = SpillFiles(tmp_path, NARROW)
    files.finish()
    files.close()

    index = files.index()

    assert (len(index), index.tokens, index.masked_tokens) == (0, 0, 0)
    drawn = files.opened(index).draw(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert (len(drawn.lengths), len(drawn.words)) == (0, 0)


def test_totals_wider_than_the_type_of_the_counts() -> None:
    many = np.full(3, 65535, np.uint16)
    index = SpillIndex(many, many, np.zeros(3, np.int8))
    assert (index.tokens, index.masked_tokens) == (3 * 65535, 3 * 65535)
