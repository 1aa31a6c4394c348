from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from migrator.packing.sequences.ragged import Sequences
from migrator.packing.sequences.row_pieces import RowPieces
from migrator.packing.sequences.rows import Drawn, RowFormat, packed_rows
from migrator.packing.sequences.words import NARROW, WIDE, WordFormat


def drawn(per_row: list[int], form: WordFormat) -> Drawn:
    """Sequences of 2, 3 and 1 tokens; the first two have 1 and 2 masked ones."""
    sequences = Sequences(
        lengths=np.array([2, 3, 1]),
        tokens=np.array([11, 12, 21, 22, 23, 31]),
        segments=np.array([0, 1, 0, 0, 1, 1]),
        masked_counts=np.array([1, 2, 0]),
        masked_positions=np.array([1, 1, 2]),
        masked_ids=np.array([0, 92, 93]),
        labels=np.array([1, 0, -1]),
    )
    pieces = RowPieces(6, np.array(per_row), sequences.lengths)
    words = pieces.drawn(memoryview(form.tokens(sequences).tobytes()), np.array([0, 2, 5]), form.token)
    return Drawn(pieces, words, sequences.masked_counts, form.masked_tokens(sequences), sequences.labels)


@pytest.mark.parametrize("words", [NARROW, WIDE])
def test_sequences_side_by_side(words: WordFormat) -> None:
    rows = packed_rows(drawn([2, 1], words), words, RowFormat(6, 4, 3))

    assert {key: array.tolist() for key, array in rows.items()} == {
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
    rows = packed_rows(drawn([3], NARROW), NARROW, RowFormat(6, 3, 3))

    assert rows["input_mask"].tolist() == [[1, 1, 2, 2, 2, 3]]
    assert rows["next_sentence_positions"].tolist() == [[0, 2, 5]]


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
