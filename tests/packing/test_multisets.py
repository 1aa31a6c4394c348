"""Multisets of fingerprints: which are missing, doubled, unknown."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from migrator.packing.checks.multisets import BUCKETS, BucketSums, Placed, difference

FEW = st.lists(st.integers(0, 9), max_size=30)


PRINTS = np.random.default_rng(1).integers(0, 2**48, (10, 2), np.uint64)
PRINTS[:, 0] += np.arange(10, dtype=np.uint64) % 3 << np.uint64(62)  # three buckets
PRINTS[9, 0] = PRINTS[6, 0]  # half of a fingerprint is shared


def placed(numbers: list[int]) -> Placed:
    """A fingerprint for each number."""
    return Placed(PRINTS[np.array(numbers, np.int64)], np.arange(len(numbers)) * 10)


def at(numbers: list[int], places: np.ndarray) -> Counter[int]:
    return Counter(numbers[place // 10] for place in places.tolist())


@given(FEW, FEW)
def test_difference(original: list[int], copy: list[int]) -> None:
    found = difference(placed(original), placed(copy))

    too_many = Counter(copy) - Counter(original)
    assert at(original, found.missing) == Counter(original) - Counter(copy)
    assert at(copy, found.doubled) == Counter({n: count for n, count in too_many.items() if n in original})
    assert at(copy, found.unknown) == Counter({n: count for n, count in too_many.items() if n not in original})


def test_the_last_ones_are_the_surplus() -> None:
    found = difference(placed([5, 1, 5, 5]), placed([1, 5, 1]))

    assert (found.missing.tolist(), found.doubled.tolist(), found.unknown.tolist()) == ([20, 30], [20], [])


@given(FEW, FEW)
def test_sums_differ_where_multisets_do(original: list[int], copy: list[int]) -> None:
    sums = BucketSums()
    sums.add(placed(original).prints)
    sums.take(placed(copy).prints)

    differing = (Counter(original) - Counter(copy)) + (Counter(copy) - Counter(original))
    assert sums.differing().any() == bool(differing)
    assert np.flatnonzero(sums.differing()).tolist() == sorted({number % 3 << 14 for number in differing})


@given(st.lists(st.integers(0, BUCKETS - 1), max_size=40), st.integers(1, 9))
def test_groups_cover_every_differing_bucket_once(buckets: list[int], most: int) -> None:
    sums = BucketSums()
    sums.add(np.array([(bucket << 48, 1) for bucket in buckets], np.uint64).reshape(-1, 2))
    held = Counter(buckets)

    groups = [np.flatnonzero(group).tolist() for group in sums.groups(most)]

    assert [bucket for group in groups for bucket in group] == sorted(held)
    assert all(len(group) == 1 or sum(held[bucket] for bucket in group) <= most for group in groups)


def test_equal_sums_of_different_numbers_are_told_apart_by_their_count() -> None:
    sums = BucketSums()
    sums.add(np.zeros((2, 2), np.uint64))
    sums.take(np.zeros((1, 2), np.uint64))

    assert sums.differing().sum() == 1
