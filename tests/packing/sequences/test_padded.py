"""Padded rows, sequences, and back; what is looked for in rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from migrator.packing.sequences.padded import faults_of, padded_rows, prefix, sequences_of
from tests.packing.made_data import DTYPES, Kind, Rows, random_rows

KIND = Kind(12, 3)


def as_stored(rows: Rows) -> Rows:
    return {key: array.astype(DTYPES[key]) for key, array in rows.items()}


def test_there_and_back() -> None:
    rows = as_stored(random_rows(np.random.default_rng(1), [12, 1, 5, 7], KIND))

    back = padded_rows(sequences_of(rows), 12, 3)

    for key, array in rows.items():
        assert back[key].dtype == array.dtype
        np.testing.assert_array_equal(back[key], array)


def test_only_some_rows() -> None:
    rows = random_rows(np.random.default_rng(1), [12, 1, 5, 7], KIND)
    every = list(sequences_of(rows).as_bytes())

    kept = sequences_of(rows, np.array([True, False, False, True]))

    assert list(kept.as_bytes()) == [every[0], every[3]]


def test_no_rows() -> None:
    rows = random_rows(np.random.default_rng(1), [], KIND)

    assert faults_of(rows, 12, 3) == []
    assert len(sequences_of(rows)) == 0
    assert padded_rows(sequences_of(rows), 12, 3)["input_ids"].shape == (0, 12)


def test_prefix() -> None:
    assert prefix(np.array([0, 2, 3], np.uint8), 3).tolist() == [[False] * 3, [True, True, False], [True] * 3]
    assert prefix(np.array([65535], np.uint16), 65535).all()


def test_one_fault_a_row_in_the_order_of_the_rows() -> None:
    rows = random_rows(np.random.default_rng(1), [5, 6, 7, 8], KIND)
    rows["input_mask"][3] = 0
    rows["input_ids"][1, :3] = -1
    rows["segment_ids"][1, 11] = 1

    assert [(fault.row, fault.what[:20]) for fault in faults_of(rows, 12, 3)] == [
        (1, "has segment ids behi"),
        (3, "holds no tokens: its"),
    ]


@pytest.mark.parametrize("dtype", ["<i8", "<u8", "<i4", ">i4", "<u2", "u1"])
def test_numbers_of_any_width(dtype: str) -> None:
    rows = random_rows(np.random.default_rng(1), [5, 6, 12, 1], Kind(12, 3, vocabulary=200))
    expected = list(sequences_of(rows).as_bytes())
    stored = {key: array.astype(dtype) for key, array in rows.items()}

    assert faults_of(stored, 12, 3) == []
    assert list(sequences_of(stored).as_bytes()) == expected


@pytest.mark.parametrize(("dtype", "number"), [("<u8", 2**64 - 1), ("<i8", -(2**63)), ("<i8", 2**63 - 1)])
@pytest.mark.parametrize("key", DTYPES)
def test_numbers_that_no_smaller_type_holds(key: str, dtype: str, number: int) -> None:
    rows = random_rows(np.random.default_rng(1), [5, 6, 7, 8], KIND)
    rows["masked_lm_positions"][2] = [1, 2, 3]
    rows["masked_lm_ids"][2] = [4, 5, 6]
    stored: dict[str, Any] = {name: array.astype(dtype) for name, array in rows.items()}
    stored[key][(2, 0) if stored[key].ndim == 2 else 2] = number

    assert [fault.row for fault in faults_of(stored, 12, 3)] == [2]
