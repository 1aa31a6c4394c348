"""A fingerprint is the sequence's, and of all there is of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.packing.sequences.fingerprints import fingerprints
from migrator.packing.sequences.padded import sequences_of
from migrator.packing.sequences.ragged import Sequences
from tests.packing.made_data import Kind, random_rows

KIND = Kind(row_length=6, masked_width=2, vocabulary=2)


def some(seed: int) -> Sequences:
    """Sequences so short, of so few words, that many are equal."""
    rng = np.random.default_rng(seed)
    return sequences_of(random_rows(rng, rng.integers(1, 3, 40).tolist(), KIND))


@given(st.integers(0, 2**32))
def test_equal_if_and_only_if_the_sequences_are(seed: int) -> None:
    found = some(seed)
    prints = [tuple(pair) for pair in fingerprints(found).tolist()]
    texts = list(found.as_bytes())

    assert len(set(prints)) == len(set(texts)) == len(set(zip(prints, texts, strict=True)))


@pytest.mark.parametrize("name", ["tokens", "segments", "masked_positions", "masked_ids", "labels"])
def test_every_part_counts(name: str) -> None:
    found = sequences_of(random_rows(np.random.default_rng(1), [6] * 9, KIND))
    changed = getattr(found, name).copy()
    changed[-1] += 1

    same = (fingerprints(found) == fingerprints(replace(found, **{name: changed}))).all(axis=1)

    assert same.sum() == 8


def test_types_do_not_count() -> None:
    found = some(1)
    wide = Sequences(**{name: array.astype(np.int64) for name, array in vars(found).items()})
    narrow = Sequences(**{name: array.astype(np.int8) for name, array in vars(found).items()})

    assert (fingerprints(wide) == fingerprints(narrow)).all()


def test_no_sequences() -> None:
    assert fingerprints(sequences_of(random_rows(np.random.default_rng(1), [], KIND))).shape == (0, 2)
