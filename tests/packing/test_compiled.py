"""The compiled loops read and write nothing outside of the arrays that they are given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from migrator.packing.compiled import loops

pytestmark = pytest.mark.skipif(loops is None, reason="there was no C compiler when migrate was installed")

TOO_SMALL = "an array is smaller than its rows"
NOT_THERE = "sequences do not fit into their rows, or lie outside the words"


def compact(rows: int = 3, **changes: Any) -> tuple[int, int, int]:
    """Rows of 8 tokens and 2 masked ones."""
    arrays = {
        "ids": np.ones((3, 8), np.int32), "mask": np.ones((3, 8), np.int8), "segments": np.zeros((3, 8), np.int8),
        "positions": np.ones((3, 2), np.int32), "masked_ids": np.ones((3, 2), np.int32),
        "lengths": np.zeros(3, np.uint16), "counts": np.zeros(3, np.uint16),
        "words": np.zeros(24, np.uint16), "masked_words": np.zeros(6, np.uint32),
    }  # fmt: skip
    assert loops is not None
    found: tuple[int, int, int] = loops.compact(*(arrays | changes).values(), (rows, 8, 2, 8, 2), (15, 2))
    return found


def fill(height: int = 2, **changes: Any) -> None:
    """A row of two sequences of 3 tokens and 1 masked one."""
    arrays: dict[str, Any] = {
        "words": np.ones(6, np.uint16), "masked_words": np.ones(2, np.uint32), "per_row": np.array([2]),
        "lengths": np.array([3, 3]), "counts": np.array([1, 1]), "starts": np.array([0, 3]),
        "masked_starts": np.array([0, 1]), "labels": np.zeros(2, np.int8),
        "input_ids": np.zeros((4, 2, 8), np.uint8), "input_mask": np.zeros((1, 2, 8), np.uint8),
        "segment_ids": np.zeros((1, 2, 8), np.uint8), "positions": np.zeros((2, 2, 8), np.uint8),
        "masked_lm_positions": np.zeros((2, 2, 2), np.uint8), "masked_lm_ids": np.zeros((4, 2, 2), np.uint8),
        "next_sentence_positions": np.zeros((2, 2, 2), np.uint8),
        "next_sentence_labels": np.zeros((1, 2, 2), np.uint8), "next_sentence_weights": np.zeros((1, 2, 2), np.uint8),
    }  # fmt: skip
    assert loops is not None
    loops.fill(*(arrays | changes).values(), (height, 8, 2, 2), (15, 2, 1))


def test_what_fits() -> None:
    assert compact() == (0, 24, 6)
    fill()


ARRAYS = {"ids": np.int32, "mask": np.int8, "segments": np.int8, "positions": np.int32, "masked_ids": np.int32,
          "lengths": np.uint16, "counts": np.uint16, "words": np.uint16, "masked_words": np.uint32}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_too_small_to_read_rows_from_or_to_write_them_into(name: str) -> None:
    with pytest.raises(ValueError, match=TOO_SMALL):
        compact(**{name: np.zeros(2, ARRAYS[name])})


def test_more_rows_than_there_are() -> None:
    for rows in (4, -1):
        with pytest.raises(ValueError, match=TOO_SMALL):
            compact(rows)


@pytest.mark.parametrize(
    "name", ["lengths", "counts", "starts", "masked_starts", "labels", "input_ids", "input_mask", "segment_ids",
             "positions", "masked_lm_positions", "masked_lm_ids", "next_sentence_positions", "next_sentence_labels",
             "next_sentence_weights"],
)  # fmt: skip
def test_an_array_too_small_for_its_chunk(name: str) -> None:
    few = np.zeros(1, np.int8) if name == "labels" else np.zeros(7, np.uint8)
    with pytest.raises(ValueError, match=f"{TOO_SMALL}|{NOT_THERE}"):
        fill(**{name: few[:1] if name.startswith("next_sentence") else few})


def test_a_chunk_of_fewer_rows_than_are_made() -> None:
    with pytest.raises(ValueError, match=TOO_SMALL):
        fill(height=0)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("starts", [0, 4]), ("starts", [-1, 3]), ("starts", [0, 2**62]), ("masked_starts", [0, 2]),
        ("lengths", [3, 6]), ("lengths", [-1, 3]), ("counts", [1, 2]), ("counts", [-1, 1]), ("per_row", [3]),
        ("per_row", [1]), ("per_row", [-1]),
    ],
)  # fmt: skip
def test_sequences_that_are_not_there_or_do_not_fit(name: str, numbers: list[int]) -> None:
    with pytest.raises(ValueError, match=NOT_THERE):
        fill(**{name: np.array(numbers)})
