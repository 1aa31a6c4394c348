"""Two multisets of fingerprints compared, in memory that does not grow with them.

Sums of fingerprints tell whether two multisets are equal; sums by bucket tell where they are not, so that only
what lies in differing buckets has to be looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BUCKET_BITS = 16
BUCKETS = 2**_BUCKET_BITS

Prints = NDArray[np.uint64]  # [n, 2]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Placed:
    """n fingerprints and where each was found."""

    prints: Prints
    places: Places  # [n], ascending

    @classmethod
    def joined(cls, parts: Iterable[Placed]) -> Placed:
        """All parts, in their order."""
        found = list(parts)
        return cls(
            np.concatenate([part.prints for part in found] or [np.zeros((0, 2), np.uint64)]),
            np.concatenate([part.places for part in found] or [np.zeros(0, np.int64)]),
        )

    def of_buckets(self, wanted: NDArray[np.bool_]) -> Placed:
        """Those whose bucket is wanted; `wanted` [BUCKETS]."""
        chosen = wanted[_buckets(self.prints)]
        return Placed(self.prints[chosen], self.places[chosen])


class BucketSums:
    """What one multiset has over another, summed up by bucket: all 0 if and only if they are equal.

    Sums are modulo 2**64 in each half; that unequal multisets of digests sum to the same is as unlikely as two
    sequences of the same digest.
    """

    def __init__(self) -> None:
        self._sums = np.zeros((BUCKETS, 2), np.uint64)
        self._counts = np.zeros(BUCKETS, np.int64)
        self.sizes = np.zeros(BUCKETS, np.int64)  # fingerprints of both

    def add(self, prints: Prints) -> None:
        """These are in the one."""
        self._put(prints, 1)

    def take(self, prints: Prints) -> None:
        """These are in the other."""
        self._put(prints, -1)

    def _put(self, prints: Prints, sign: int) -> None:
        buckets = _buckets(prints)
        signed = prints if sign > 0 else np.zeros(1, np.uint64) - prints
        for half in range(2):
            np.add.at(self._sums[:, half], buckets, signed[:, half])
        found = np.bincount(buckets, minlength=BUCKETS)
        self._counts += sign * found
        self.sizes += found

    def differing(self) -> NDArray[np.bool_]:
        """[BUCKETS]."""
        return np.asarray((self._sums != 0).any(axis=1) | (self._counts != 0))

    def groups(self, most: int) -> Iterable[NDArray[np.bool_]]:
        """The differing buckets, so many at a time that they hold `most` fingerprints, or are one bucket."""
        left = np.flatnonzero(self.differing())
        while len(left):
            count = max(1, int(np.searchsorted(np.cumsum(self.sizes[left]), most, side="right")))
            wanted = np.zeros(BUCKETS, bool)
            wanted[left[:count]] = True
            left = left[count:]
            yield wanted


def _buckets(prints: Prints) -> NDArray[np.int64]:
    return np.asarray(prints[:, 0] >> np.uint64(64 - _BUCKET_BITS)).astype(np.int64)


@dataclass(frozen=True)
class Difference:
    """Where fingerprints stand that one multiset has more often than the other."""

    missing: Places  # in the original: it has more of them
    doubled: Places  # in the copy: it has more of them than the original, which has some
    unknown: Places  # in the copy: the original has none


def difference(original: Placed, copy: Placed) -> Difference:
    """Of equal fingerprints, the last ones are the surplus."""
    prints = np.concatenate([original.prints, copy.prints])
    if not len(prints):
        nowhere = np.zeros(0, np.int64)
        return Difference(nowhere, nowhere, nowhere)
    in_copy = np.arange(len(prints)) >= len(original.prints)
    order = np.lexsort((prints[:, 1], prints[:, 0]))  # stable: the original's come first, each in the order of places
    ordered, of_copy = prints[order], in_copy[order]
    new = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    run, first = np.cumsum(new) - 1, np.flatnonzero(new)
    copies = np.bincount(run, of_copy).astype(np.int64)[run]
    originals = np.bincount(run, ~of_copy).astype(np.int64)[run]
    rank = np.arange(len(prints)) - first[run] - np.where(of_copy, originals, 0)
    places = np.concatenate([original.places, copy.places])[order]
    surplus = rank >= np.where(of_copy, originals, copies)
    return Difference(
        np.sort(places[surplus & ~of_copy]),
        np.sort(places[surplus & of_copy & (originals > 0)]),
        np.sort(places[surplus & of_copy & (originals == 0)]),
    )
