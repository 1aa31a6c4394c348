"""One chunk as HDF5's filters shuffle and deflate store it; every HDF5 library reads it."""

from __future__ import annotations

from typing import Any

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

LEVEL = 1  # what the file says of itself; nobody needs it to read
# Of isal. Its levels 1 and 2 now and then give other bytes for the same input in another thread, and 3 is slow.
_ISAL_LEVEL = 0


def planes(values: NDArray[Any], rows: int, dtype: np.dtype[Any] | None = None) -> NDArray[np.uint8]:
    """[bytes of a number, rows, width]: first bytes of all numbers, then all second ones, and so on, little end first.

    `values` [n, width] are filled up with 0 to `rows`; they may be the lower bytes only of the `dtype` they stand for.
    """
    given, size = values.dtype.itemsize, (dtype or values.dtype).itemsize
    out = (np.empty if (given, len(values)) == (size, rows) else np.zeros)((size, rows, values.shape[1]), np.uint8)
    single = np.ascontiguousarray(values).view(np.uint8).reshape(*values.shape, given)
    for byte in range(given):
        out[byte, : len(values)] = single[:, :, byte]
    return out


def deflated(shuffled: NDArray[np.uint8]) -> bytes:
    """One chunk, of the planes of its bytes."""
    return bytes(isal_zlib.compress(shuffled, _ISAL_LEVEL))
