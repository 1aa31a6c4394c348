"""Padded rows into words at once, by machine code and by numpy: as the thorough look at rows would have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.packing.sequences import compaction
from migrator.packing.sequences.compaction import Compact, Unfit
from migrator.packing.sequences.padded import faults_of, sequences_of
from migrator.packing.sequences.words import NARROW, WIDE, WordFormat
from migrator.packing.shards.bands import Band
from migrator.packing.shards.tiles import Tile
from tests.packing.made_data import DTYPES, Kind, Rows, random_rows

KIND = Kind(12, 3)

Way = Callable[[Any, int, int, WordFormat], Compact | Unfit]

compiled = pytest.mark.skipif(compaction.loops is None, reason="there was no C compiler when migrate was installed")
ways = pytest.mark.parametrize(
    "way", [pytest.param(compaction._by_machine_code, marks=compiled, id="compiled"), compaction._by_numpy]
)


def as_stored(rows: Rows) -> Rows:
    return {key: array.astype(DTYPES[key]) for key, array in rows.items()}


def cut(rows: Rows, height: int, width: int) -> Band:
    """The rows in tables of so many rows and columns, the last ones filled up with numbers that are none of theirs."""
    whole = Band.of(rows)
    tiles = {key: whole.tiles[key] for key in rows}
    for key in (key for key in rows if rows[key].ndim == 2 and rows[key].size):
        count, columns = rows[key].shape
        padded = np.full((count + -count % height, columns + -columns % width), 77, rows[key].dtype)
        padded[:count, :columns] = rows[key]
        tiles[key] = [
            Tile(
                padded[top : top + height, left : left + width].tobytes(), width, 0, min(height, count - top), top, left
            )
            for top in range(0, count, height)
            for left in range(0, columns, width)
        ]
    return replace(whole, tiles=tiles)


def lists(found: Compact | Unfit) -> Any:
    return found if isinstance(found, Unfit) else [array.tolist() for array in found]


@ways
@pytest.mark.parametrize("form", [NARROW, WIDE])
def test_the_words_of_all_rows(way: Way, form: WordFormat) -> None:
    rows = as_stored(random_rows(np.random.default_rng(1), [12, 1, 5, 7], KIND))

    found = way(Band.of(rows), 12, 3, form)

    assert isinstance(found, Compact)
    assert lists(found) == lists(Compact.of(sequences_of(rows), form))
    assert [array.dtype for array in found] == [np.uint16, np.uint16, np.int8, form.token, form.masked]


@ways
@pytest.mark.parametrize("form", [NARROW, WIDE])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 5), (3, 12), (4, 8), (9, 40)])
def test_rows_that_lie_in_chunks(way: Way, form: WordFormat, height: int, width: int) -> None:
    rows = as_stored(random_rows(np.random.default_rng(1), [12, 1, 5, 7, 8, 9, 4], KIND))

    assert lists(way(cut(rows, height, width), 12, 3, form)) == lists(Compact.of(sequences_of(rows), form))


@pytest.mark.parametrize("length", [2**16 - 1, 2**16, 2**16 + 5])
def test_rows_longer_than_numbers_of_16_bits(length: int) -> None:
    rows = as_stored(random_rows(np.random.default_rng(1), [length], Kind(length, 3)))

    found = compaction.compact(Band.of(rows), 2**16 - 1, 3, NARROW)

    assert isinstance(found, Compact) == (length < 2**16)


@ways
def test_no_rows(way: Way) -> None:
    rows = as_stored(random_rows(np.random.default_rng(1), [], KIND))

    assert lists(way(Band.of(rows), 12, 3, NARROW)) == [[], [], [], [], []]


@ways
@pytest.mark.parametrize(("key", "fits", "does_not"), [
    ("input_ids", 2**15 - 1, 2**15), ("masked_lm_ids", 2**15 - 1, 2**15), ("segment_ids", 1, 2),
])  # fmt: skip
def test_numbers_that_only_wide_words_hold(way: Way, key: str, fits: int, does_not: int) -> None:
    rows = as_stored(random_rows(np.random.default_rng(1), [12, 12], KIND))
    rows["masked_lm_positions"][1] = [1, 2, 3]
    for number, expected in ((fits, Compact), (does_not, Unfit)):
        rows[key][1, 2] = number
        assert isinstance(way(Band.of(rows), 12, 3, NARROW), expected)
        assert lists(way(Band.of(rows), 12, 3, WIDE)) == lists(Compact.of(sequences_of(rows), WIDE))
    assert way(Band.of(rows), 12, 3, NARROW) is Unfit.WIDE


@pytest.mark.parametrize("dtype", ["<i8", "<u8", "<i4", ">i4", "<u2", "u1"])
def test_numbers_of_any_width(dtype: str) -> None:
    rows = random_rows(np.random.default_rng(1), [5, 6, 12, 1], Kind(12, 3, vocabulary=200))
    stored = {key: array.astype(dtype) for key, array in rows.items()}

    assert lists(compaction.compact(Band.of(stored), 12, 3, NARROW)) == lists(Compact.of(sequences_of(rows), NARROW))


@pytest.mark.parametrize(("dtype", "number"), [("<u8", 2**64 - 1), ("<i8", -(2**63)), ("<i8", 2**63 - 1)])
@pytest.mark.parametrize("key", DTYPES)
def test_numbers_that_no_smaller_type_holds(key: str, dtype: str, number: int) -> None:
    rows = random_rows(np.random.default_rng(1), [5, 6, 7, 8], KIND)
    rows["masked_lm_positions"][2] = [1, 2, 3]
    stored: dict[str, Any] = {name: array.astype(dtype) for name, array in rows.items()}
    stored[key][(2, 0) if stored[key].ndim == 2 else 2] = number

    assert compaction.compact(Band.of(stored), 12, 3, NARROW) is Unfit.FAULT


CHANGES = st.tuples(
    st.sampled_from(sorted(DTYPES)), st.integers(0, 4), st.integers(0, 11),
    st.sampled_from([-1, 0, 1, 2, 5, 12, 127, 2**15, 2**24]),
)  # fmt: skip


@ways
@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(1, 12), min_size=5, max_size=5), st.lists(CHANGES, max_size=3), st.integers(0, 3),
    st.integers(1, 6), st.integers(1, 13),
)  # fmt: skip
def test_it_sees_a_fault_where_the_thorough_look_sees_one(
    way: Way, lengths: list[int], changes: list[tuple[str, int, int, int]], most: int, height: int, width: int
) -> None:
    rows = as_stored(random_rows(np.random.default_rng(sum(lengths)), lengths, KIND))
    for key, row, column, number in changes:
        array = rows[key]
        array[(row, column % array.shape[1]) if array.ndim == 2 else row] = np.array(number).astype(array.dtype)

    expected = Unfit.FAULT if faults_of(rows, 11, most) else lists(Compact.of(sequences_of(rows), WIDE))

    assert lists(way(cut(rows, height, width), 11, most, WIDE)) == expected
