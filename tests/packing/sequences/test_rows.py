from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from migrator.packing.sequences import row_planes
from migrator.packing.sequences.ragged import Sequences, starts_of
from migrator.packing.sequences.row_planes import RowPlanes
from migrator.packing.sequences.rows import Drawn, RowFormat
from migrator.packing.sequences.words import NARROW, WIDE, WordFormat


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "numpy":
        monkeypatch.setattr(row_planes, "loops", None)
    elif row_planes.loops is None:
        pytest.skip("there was no C compiler when migrate was installed")


def drawn(per_row: list[int], form: WordFormat) -> Drawn:
    """Sequences of 2, 3 and 1 tokens; the first two have 1 and 2 masked ones."""
    sequences = Sequences(
        lengths=np.array([2, 3, 1]),
        tokens=np.array([11, 12, 21, 22, 23, 31]),
        segments=np.array([0, 1, 0, 0, 1, 1]),
        masked_counts=np.array([1, 2, 0]),
        masked_positions=np.array([1, 1, 2]),
        masked_ids=np.array([0, 92, 93]),
        labels=np.array([1, 0, -1], np.int8),
    )
    return of_all(sequences, per_row, form)


def of_all(sequences: Sequences, per_row: list[int], form: WordFormat) -> Drawn:
    return Drawn(
        np.array(per_row, np.int64),
        sequences.lengths.astype(np.int64),
        sequences.masked_counts.astype(np.int64),
        sequences.labels.astype(np.int8),
        starts_of(sequences.lengths),
        starts_of(sequences.masked_counts),
        memoryview(form.tokens(sequences).tobytes()),
        memoryview(form.masked_tokens(sequences).tobytes()),
    )


def rows_of(some: Drawn, words: WordFormat, form: RowFormat, height: int = 0) -> dict[str, list[Any]]:
    """As a reader of the shard sees them, put together from the planes."""
    planes = RowPlanes(form, words, height or len(some.per_row)).filled(some)
    return {
        key: np.moveaxis(array, 0, -1).copy().view(form.dtypes[key])[..., 0].tolist() for key, array in planes.items()
    }


@pytest.mark.parametrize("words", [NARROW, WIDE])
def test_sequences_side_by_side(words: WordFormat) -> None:
    rows = rows_of(drawn([2, 1], words), words, RowFormat(6, 4, 3))

    assert rows == {
        "input_ids": [[11, 12, 21, 22, 23, 0], [31, 0, 0, 0, 0, 0]],
        "input_mask": [[1, 1, 2, 2, 2, 0], [1, 0, 0, 0, 0, 0]],
        "segment_ids": [[0, 1, 0, 0, 1, 0], [1, 0, 0, 0, 0, 0]],
        "positions": [[0, 1, 0, 1, 2, 0], [0, 0, 0, 0, 0, 0]],
        "masked_lm_positions": [[1, 3, 4, 0], [0, 0, 0, 0]],
        "masked_lm_ids": [[0, 92, 93, 0], [0, 0, 0, 0]],
        "next_sentence_positions": [[0, 2, 0], [0, 0, 0]],
        "next_sentence_labels": [[1, 0, 0], [-1, 0, 0]],
        "next_sentence_weights": [[1, 1, 0], [1, 0, 0]],
    }


def test_a_full_row() -> None:
    rows = rows_of(drawn([3], NARROW), NARROW, RowFormat(6, 3, 3))

    assert rows["input_mask"] == [[1, 1, 2, 2, 2, 3]]
    assert rows["next_sentence_positions"] == [[0, 2, 5]]


def test_a_chunk_is_filled_up_with_nothing_whatever_it_held_before() -> None:
    form = RowFormat(6, 4, 3)
    planes = RowPlanes(form, NARROW, 3)
    planes.filled(drawn([1, 1, 1], NARROW))

    after = planes.filled(drawn([3], NARROW))

    assert all(not array[:, 1:].any() for array in after.values())
    fresh = RowPlanes(form, NARROW, 3).filled(drawn([3], NARROW))
    assert all((after[key] == array).all() for key, array in fresh.items())


@pytest.mark.parametrize("words", [NARROW, WIDE])
def test_numbers_of_more_than_one_byte(words: WordFormat) -> None:
    """Ids, positions and numbers of sequences: 300 sequences, the longest of 40,000 tokens."""
    lengths = np.array([1] * 299 + [40_000])
    ids = np.arange(40_299) % (32_768 if words is NARROW else 2**24) + (0 if words is NARROW else 2**23)
    sequences = Sequences(
        lengths, ids, np.arange(40_299) % 2, np.array([0] * 299 + [2]), np.array([1, 39_999]), ids[-2:], lengths % 2
    )

    rows = rows_of(of_all(sequences, [300], words), words, RowFormat(41_000, 2, 300))

    assert rows["input_ids"] == [[*ids.tolist(), *[0] * 701]]
    assert rows["segment_ids"] == [[*(np.arange(40_299) % 2).tolist(), *[0] * 701]]
    assert rows["input_mask"] == [[*range(1, 300), *[300] * 40_000, *[0] * 701]]
    assert rows["positions"] == [[*[0] * 299, *range(40_000), *[0] * 701]]
    assert rows["masked_lm_positions"] == [[300, 40_298]]
    assert rows["masked_lm_ids"] == [ids[-2:].tolist()]
    assert rows["next_sentence_positions"] == [list(range(300))]


@pytest.mark.parametrize(
    ("row_length", "per_row", "place", "number"),
    [(512, 3, "<i2", "i1"), (32767, 127, "<i2", "i1"), (32768, 128, "<i4", "<i2"), (65535, 32767, "<i4", "<i2")],
)
def test_types_as_wide_as_a_row_needs(row_length: int, per_row: int, place: str, number: str) -> None:
    dtypes: Any = RowFormat(row_length, 20, per_row).dtypes

    assert {dtypes[key].str.lstrip("|") for key in ("positions", "masked_lm_positions", "next_sentence_positions")} == {
        place
    }
    assert dtypes["input_mask"].str.lstrip("|") == number
