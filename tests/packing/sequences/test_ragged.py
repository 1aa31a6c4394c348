from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from migrator.packing.sequences.ragged import Sequences, starts_of, within_runs

PAIR = Sequences(
    lengths=np.array([2, 3]),
    tokens=np.array([101, 7, 101, 8, 9]),
    segments=np.array([0, 1, 0, 0, 1]),
    masked_counts=np.array([0, 2]),
    masked_positions=np.array([1, 2]),
    masked_ids=np.array([5, 6]),
    labels=np.array([0, 1]),
)


def test_runs() -> None:
    counts = np.array([3, 0, 2], np.uint8)
    assert starts_of(counts).tolist() == [0, 3, 3]
    assert within_runs(counts).tolist() == [0, 1, 2, 0, 1]


def test_sums_wider_than_the_type_of_the_counts() -> None:
    counts = np.array([65535, 65535, 1], np.uint16)
    assert starts_of(counts).tolist() == [0, 65535, 131070]
    assert within_runs(counts)[[0, 65534, 65535, -1]].tolist() == [0, 65534, 0, 0]


def test_no_runs() -> None:
    assert starts_of(np.zeros(0, np.uint16)).tolist() == within_runs(np.zeros(0, np.uint16)).tolist() == []


def test_bytes_do_not_depend_on_the_types() -> None:
    small = Sequences(**{name: array.astype(">i2") for name, array in vars(PAIR).items()})
    assert list(small.as_bytes()) == list(PAIR.as_bytes())


@pytest.mark.parametrize("name", ["tokens", "segments", "masked_positions", "masked_ids", "labels"])
def test_bytes_differ_where_sequences_do(name: str) -> None:
    changed = getattr(PAIR, name).copy()
    changed[-1] += 1
    first, second = replace(PAIR, **{name: changed}).as_bytes()
    assert first == next(PAIR.as_bytes())
    assert second != list(PAIR.as_bytes())[1]


def test_bytes_tell_where_a_part_ends() -> None:
    """A token more and a segment less is another sequence, though the numbers are the same in a row."""
    assert len(set(PAIR.as_bytes())) == 2
    moved = replace(PAIR, lengths=np.array([3, 2]))
    assert not set(moved.as_bytes()) & set(PAIR.as_bytes())
