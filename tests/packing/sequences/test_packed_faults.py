"""What is wrong with packed rows: each fault is found, in its row, and nothing in sound ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from migrator.packing.sequences.packed_faults import packed_faults

Rows = dict[str, NDArray[Any]]

SOUND = {
    "input_ids": [101, 7, 8, 9, 102, 101, 5, 6, 102, 0, 0, 0],
    "input_mask": [1, 1, 1, 1, 1, 2, 2, 2, 2, 0, 0, 0],
    "segment_ids": [0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0],
    "positions": [0, 1, 2, 3, 4, 0, 1, 2, 3, 0, 0, 0],
    "masked_lm_positions": [2, 6, 0, 0],
    "masked_lm_ids": [11, 0, 0, 0],  # a masked token may have been [PAD], id 0
    "next_sentence_positions": [0, 5, 0],
    "next_sentence_labels": [1, 0, 0],
    "next_sentence_weights": [1, 1, 0],
}
NUMBERS = "does not number its sequences 1, 2, 3, ... in input_mask"
WEIGHTS = "has next_sentence_weights other than 1 for each of its sequences, 0 else"
BEYOND = "has masked tokens in its padding, or outside the row"
CASES: list[tuple[str, dict[int, int], str]] = [
    ("input_mask", dict.fromkeys(range(12), 0), "holds no tokens"),
    ("input_mask", {4: 0}, "has padding between its tokens"),
    ("input_mask", {0: 0}, "has padding between its tokens"),
    ("input_mask", dict.fromkeys(range(5), 2), NUMBERS),
    ("input_mask", dict.fromkeys(range(5, 9), 3), NUMBERS),
    ("input_mask", {8: 1}, NUMBERS),
    ("input_mask", {7: -2}, NUMBERS),
    ("positions", {5: 5}, "has positions that do not restart with each sequence"),
    ("positions", {0: 1}, "has positions that do not restart with each sequence"),
    ("positions", {9: 4}, "has positions in its padding"),
    ("input_ids", {11: 1}, "has token ids in its padding"),
    ("segment_ids", {9: 1}, "has segment ids in its padding"),
    ("input_ids", {3: -1}, "has a token id below 0 or above 16,777,215"),
    ("input_ids", {3: 2**24}, "has a token id below 0 or above 16,777,215"),
    ("segment_ids", {3: -1}, "has a segment id below 0 or above 127"),
    ("segment_ids", {3: 128}, "has a segment id below 0 or above 127"),
    ("masked_lm_positions", {1: 9}, BEYOND),
    ("masked_lm_positions", {1: 12}, BEYOND),
    ("masked_lm_positions", {0: -1}, BEYOND),
    ("masked_lm_positions", {1: 5}, "has masked tokens where a sequence begins, at its [CLS]"),
    (
        "masked_lm_positions",
        {3: 7},
        "has a gap in its masked_lm_positions; what follows position 0 is lost to trainers",
    ),
    ("masked_lm_ids", {2: 7}, "has masked_lm_ids without a position"),
    ("masked_lm_ids", {0: -7}, "has a masked_lm_id below 0 or above 16,777,215"),
    ("masked_lm_ids", {0: 2**24}, "has a masked_lm_id below 0 or above 16,777,215"),
    ("next_sentence_weights", {1: 0}, WEIGHTS),
    ("next_sentence_weights", {2: 1}, WEIGHTS),
    ("next_sentence_weights", {1: 2}, WEIGHTS),
    ("next_sentence_positions", {1: 4}, "has a next_sentence_position elsewhere than where its sequence begins"),
    ("next_sentence_positions", {0: 1}, "has a next_sentence_position elsewhere than where its sequence begins"),
    ("next_sentence_positions", {2: 12}, "has a next_sentence_position outside the row"),
    ("next_sentence_labels", {0: 128}, "has a next_sentence_label that does not fit a byte"),
]


def rows(count: int = 3) -> Rows:
    return {key: np.repeat(np.array([values], np.int64), count, axis=0) for key, values in SOUND.items()}


def named(found: Rows) -> list[tuple[int, str]]:
    return [(fault.row, fault.what) for fault in packed_faults(found)]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int64])
def test_sound_rows(dtype: type[np.integer[Any]]) -> None:
    assert named({key: array.astype(dtype) for key, array in rows().items()}) == []


@pytest.mark.parametrize(("key", "changes", "what"), CASES, ids=[f"{key}-{at}" for key, at, _ in CASES])
def test_a_fault(key: str, changes: dict[int, int], what: str) -> None:
    found = rows()
    for place, value in changes.items():
        found[key][1, place] = value
    if key == "input_mask":
        found[key] = found[key].astype(np.int8)

    assert named(found) == [(1, what)]


def test_the_127th_sequence_is_the_last_that_a_byte_counts() -> None:
    """To eight bits, -128 is one more than 127."""
    empty = {"positions": 130, "input_ids": 130, "segment_ids": 130, "masked_lm_positions": 0, "masked_lm_ids": 0}
    found: Rows = {key: np.zeros((1, width), np.int8) for key, width in empty.items()}
    found["next_sentence_positions"] = np.arange(130)[None]
    found["next_sentence_labels"] = np.zeros((1, 130), np.int8)
    found["next_sentence_weights"] = np.ones((1, 130), np.int8)

    found["input_mask"] = np.arange(1, 131)[None]
    assert named(found) == []
    found["input_mask"] = found["input_mask"].astype(np.int8)
    assert named(found) == [(0, NUMBERS)]


def test_more_sequences_than_there_is_room_for() -> None:
    found = rows()
    for key in ("next_sentence_positions", "next_sentence_labels", "next_sentence_weights"):
        found[key] = found[key][:, :1]

    what = "holds more sequences than the 1 that next_sentence_* has room for"
    assert named(found) == [(row, what) for row in range(3)]


def test_faults_of_several_rows_in_their_order() -> None:
    found = rows(5)
    found["positions"][0, 1] = 9
    found["input_mask"][1, 2] = 0
    found["next_sentence_weights"][4, 0] = 0

    assert [row for row, _ in named(found)] == [0, 1, 4]


def test_one_fault_a_row() -> None:
    found = rows()
    found["positions"][1, 1] = found["input_ids"][1, 11] = 9

    assert named(found) == [(1, "has positions that do not restart with each sequence")]


def test_labels_where_no_sequence_is_do_not_count() -> None:
    found = rows()
    found["next_sentence_labels"][:, 2] = -1

    assert named(found) == []


def test_no_rows_and_no_masked_columns() -> None:
    assert named(rows(0)) == []
    narrow = rows()
    narrow["masked_lm_positions"] = narrow["masked_lm_ids"] = np.zeros((3, 0), np.int64)
    assert named(narrow) == []
