from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from migrator.packing.sequences.ragged import Sequences
from migrator.packing.sequences.words import LONGEST, NARROW, WIDE, WordFormat


def sequence(token: int, segment: int, masked_id: int, position: int) -> Sequences:
    one = np.array([1])
    numbers = [np.array([value]) for value in (token, segment)]
    return Sequences(one, *numbers, one, np.array([position]), np.array([masked_id]), np.array([0]))


@pytest.mark.parametrize(
    ("form", "ids", "segment"), [(NARROW, [0, 1, 2**15 - 1], 1), (WIDE, [0, 2**15, 2**24 - 1], 127)]
)
@pytest.mark.parametrize("dtype", ["<i8", "<i4", "<u4"])
def test_there_and_back(form: WordFormat, ids: list[int], segment: int, dtype: str) -> None:
    for number in ids:
        made = sequence(number, segment, number, LONGEST)
        made = replace(made, tokens=made.tokens.astype(dtype), masked_ids=made.masked_ids.astype(dtype))
        assert form.holds(made)
        words, masked = form.tokens(made), form.masked_tokens(made)
        assert (words.dtype, masked.dtype) == (form.token, form.masked)
        assert (form.ids(words).tolist(), form.segments(words).tolist()) == ([number], [segment])
        assert (form.masked_ids(masked).tolist(), form.masked_positions(masked).tolist()) == ([number], [LONGEST])


@pytest.mark.parametrize(("token", "segment", "masked_id"), [(2**15, 0, 0), (0, 2, 0), (0, 0, 2**15)])
def test_what_narrow_words_do_not_hold(token: int, segment: int, masked_id: int) -> None:
    assert not NARROW.holds(sequence(token, segment, masked_id, 1))
    assert WIDE.holds(sequence(token, segment, masked_id, 1))


def test_every_narrow_word_is_its_own() -> None:
    tokens = np.tile(np.arange(2**15), 2)
    made = replace(sequence(0, 0, 0, 1), tokens=tokens, segments=np.repeat([0, 1], 2**15).astype(np.int8))
    words = NARROW.tokens(made)
    assert len(np.unique(words)) == 2**16
    np.testing.assert_array_equal(NARROW.ids(words), tokens)


def test_no_words() -> None:
    nothing = Sequences(*[np.zeros(0, np.int64)] * 7)
    assert NARROW.holds(nothing)
    assert len(NARROW.tokens(nothing)) == len(NARROW.masked_tokens(nothing)) == 0
