"""The compiled loops read and write nothing outside of the arrays that they are given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from migrator.packing.compiled import loops

pytestmark = pytest.mark.skipif(loops is None, reason="there was no C compiler when migrate was installed")

TOO_SMALL = "an array is smaller than its rows"
NOT_THERE = "sequences do not fit into their rows, or lie outside the words"


def compact(rows: int = 3, row_length: int = 8, **changes: Any) -> tuple[int, int, int]:
    """Rows of 8 tokens and 2 masked ones."""
    arrays = {
        "ids": tile(np.ones((3, 8), np.int32)), "mask": tile(np.ones((3, 8), np.int8)),
        "segments": tile(np.zeros((3, 8), np.int8)), "positions": tile(np.ones((3, 2), np.int32)),
        "masked_ids": tile(np.ones((3, 2), np.int32)),
        "lengths": np.zeros(3, np.uint16), "counts": np.zeros(3, np.uint16),
        "words": np.zeros(24, np.uint16), "masked_words": np.zeros(6, np.uint32),
    }  # fmt: skip
    assert loops is not None
    found: tuple[int, int, int] = loops.compact(*(arrays | changes).values(), (rows, row_length, 2, 8, 2), (15, 2))
    return found


def tile(array: Any, **changes: int) -> list[tuple[Any, ...]]:
    where = {"width": array.shape[-1], "skip": 0, "rows": 3, "row": 0, "column": 0}
    return [(array, *(where | changes).values())]


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


TILED = {"ids": np.int32, "mask": np.int8, "segments": np.int8, "positions": np.int32, "masked_ids": np.int32}
FILLED = {"lengths": np.uint16, "counts": np.uint16, "words": np.uint16, "masked_words": np.uint32}


@pytest.mark.parametrize("name", FILLED)
def test_an_array_too_small_to_write_rows_into(name: str) -> None:
    with pytest.raises(ValueError, match=TOO_SMALL):
        compact(**{name: np.zeros(2, FILLED[name])})


@pytest.mark.parametrize("name", TILED)
@pytest.mark.parametrize(
    "changes",
    [{"width": 0}, {"width": -1}, {"width": 2**62}, {"skip": 1}, {"skip": -1}, {"skip": 2**62}, {"rows": 4},
     {"rows": -1}, {"row": 1}, {"row": -1}, {"row": 2**62}, {"column": -1}, {"column": 8}, {"column": 2**62}],
)  # fmt: skip
def test_a_tile_that_is_not_there(name: str, changes: dict[str, int]) -> None:
    columns = 8 if name in ("ids", "mask", "segments") else 2
    with pytest.raises(ValueError, match=TOO_SMALL):
        compact(**{name: tile(np.ones((3, columns), TILED[name]), **changes)})


@pytest.mark.parametrize("name", TILED)
def test_tiles_that_leave_rows_out(name: str) -> None:
    columns = 8 if name in ("ids", "mask", "segments") else 2
    for tiles in ([], tile(np.ones((3, columns), TILED[name]), rows=2), tile(np.ones((3, columns // 2), TILED[name]))):
        with pytest.raises(ValueError, match=TOO_SMALL):
            compact(**{name: tiles})


@pytest.mark.parametrize("tiles", [None, [1], [()], [(b"", 1)], [("text", 8, 0, 3, 0, 0)]])
def test_what_is_no_tile(tiles: Any) -> None:
    with pytest.raises(TypeError):
        compact(ids=tiles)


def test_more_rows_than_there_are() -> None:
    for rows in (4, -1):
        with pytest.raises(ValueError, match=TOO_SMALL):
            compact(rows)


def test_rows_too_long_for_their_lengths() -> None:
    with pytest.raises(ValueError, match=TOO_SMALL):
        compact(row_length=2**16)


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
