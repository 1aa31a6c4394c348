"""16 bytes for a sequence, to compare data sets without holding them."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from migrator.packing.sequences.ragged import Ints, Sequences

BYTES = 16


def fingerprints(sequences: Sequences) -> NDArray[np.uint64]:
    """[n, 2]: BLAKE2b of all there is of each sequence, whatever the types of the arrays.

    For sequences without faults: ids below 2**24, segments below 2**7. Two that differ have the same fingerprint with a
    chance of 2**-128.
    """
    heads = np.stack([sequences.lengths, sequences.masked_counts, sequences.labels], axis=1).astype("<i4")
    tokens = sequences.tokens.astype("<i4") | (sequences.segments.astype("<i4") << 24)
    masked = sequences.masked_ids.astype("<i8") << 32 | sequences.masked_positions.astype("<i8")
    head, token, mask = (memoryview(part.tobytes()) for part in (heads, tokens, masked))
    digests = bytearray()
    spans = zip(_spans(sequences.lengths, 4), _spans(sequences.masked_counts, 8), strict=True)
    for number, ((start, stop), (first, last)) in enumerate(spans):
        digest = blake2b(head[12 * number : 12 * number + 12], digest_size=BYTES)
        digest.update(token[start:stop])
        digest.update(mask[first:last])
        digests += digest.digest()
    return np.frombuffer(digests, "<u8").reshape(-1, 2).astype(np.uint64)


def _spans(counts: Ints, size: int) -> Iterator[tuple[int, int]]:
    """Where the bytes of runs of so many elements begin and end."""
    borders: list[int] = (np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]) * size).tolist()
    return pairwise(borders)
