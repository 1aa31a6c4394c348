"""A packed folder against the data it was made of: the same sequences, each as often?

One pass over both sums up fingerprints by bucket (multisets.py, some MiB). Only where sums differ, a second pass looks
at the fingerprints of the differing buckets one by one, as many at a time as memory allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migrator.packing.checks.multisets import BucketSums, Difference, Placed, Places, difference
from migrator.packing.checks.scanning import Scan, Scanned
from migrator.packing.memory import Memory
from migrator.packing.progress import Progress

_BYTES = 128  # of memory for a fingerprint that is looked at: itself, its place, and the sorting
_FEWEST = 2**16  # fingerprints at a time, however little memory there is


@dataclass(frozen=True)
class Differences:
    """Numbers of rows, in the original for what is missing, else in the copy; a row for each sequence."""

    missing: Sequence[int]
    doubled: Sequence[int]
    unknown: Sequence[int]


def differences(sums: BucketSums, original: Scan, copy: Scan, memory: Memory, progress: Progress) -> Differences:
    """What the copy lacks and has too many of, once all fingerprints of both are in `sums`."""
    found: list[Difference] = []
    for wanted in sums.groups(max(_FEWEST, memory.limit // 4 // _BYTES)):
        sides = []
        for scan, phase in ((original, "finding what is missing"), (copy, "finding what is too many")):
            sides.append(Placed.joined(_of_buckets(scan, wanted, memory, phase, progress)))
        found.append(difference(*sides))
    return Differences(
        _sorted([part.missing for part in found]),
        _sorted([part.doubled for part in found]),
        _sorted([part.unknown for part in found]),
    )


def _sorted(parts: list[Places]) -> Sequence[int]:
    rows: list[int] = np.sort(np.concatenate([np.zeros(0, np.int64), *parts])).tolist()
    return rows


def _of_buckets(
    scan: Scan, wanted: NDArray[np.bool_], memory: Memory, phase: str, progress: Progress
) -> Iterator[Placed]:
    for part in watched(scan, scan.run(memory, with_prints=True), phase, progress):
        yield part.contents.placed.of_buckets(wanted)


def watched(scan: Scan, parts: Iterator[Scanned], phase: str, progress: Progress) -> Iterator[Scanned]:
    """The same parts, each told to `progress`."""
    done = 0
    progress(phase, 0, scan.rows)
    for part in parts:
        yield part
        done += part.rows
        progress(phase, done, scan.rows)
