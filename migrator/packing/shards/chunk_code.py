"""One chunk as HDF5's filters shuffle and deflate store it; every HDF5 library reads it."""

from __future__ import annotations

from typing import Any

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

LEVEL = 1  # what the file says of itself; nobody needs it to read
# Of isal. Its levels 1 and 2 now and then give other bytes for the same input in another thread, and 3 is slow.
_ISAL_LEVEL = 0


def encoded(values: NDArray[Any], rows: int, dtype: np.dtype[Any] | None = None) -> bytes:
    """`values` [n, width], filled up with 0 to `rows`; as `dtype`, of which they may be the lower bytes only."""
    whole = values
    if len(values) < rows:
        whole = np.zeros((rows, values.shape[1]), values.dtype)
        whole[: len(values)] = values
    return bytes(isal_zlib.compress(_shuffled(whole, (dtype or values.dtype).itemsize), _ISAL_LEVEL))


def _shuffled(values: NDArray[Any], size: int) -> NDArray[Any]:
    """All first of `size` bytes, then all second bytes, and so on, little end first."""
    if size == 1:
        return np.ascontiguousarray(values)
    given = values.dtype.itemsize
    single = np.ascontiguousarray(values).view(np.uint8).reshape(-1, given)
    planes = (np.zeros if given < size else np.empty)((size, len(single)), np.uint8)
    for byte in range(given):
        planes[byte] = single[:, byte]
    return planes
