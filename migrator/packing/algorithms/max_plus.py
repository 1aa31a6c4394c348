"""The (max,+) convolution that a table of best values grows by: one sequence more in every row."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Values = NDArray[np.float64]
_CELLS = 2**15  # of a block: as much as stays in the processor's cache


def with_one_more(best: Values, lengths: NDArray[np.int64], values: Values) -> Values:
    """By room from 0: the best of `best[room]` and, over all lengths, `best[room - length]` and the length's value.

    The same sums either way: shifted tables where lengths are few, else all rooms of a block at once.
    """
    grow = _shifted if len(lengths) * 2 < len(best) else _in_blocks
    return grow(best, lengths, values)


def _shifted(best: Values, lengths: NDArray[np.int64], values: Values) -> Values:
    found: Values = best.copy()
    space = np.empty_like(best)
    for length, value in zip(lengths.tolist(), values.tolist(), strict=True):
        with_it = np.add(best[:-length], value, out=space[:-length])
        np.maximum(found[length:], with_it, out=found[length:])
    return found


def _in_blocks(best: Values, lengths: NDArray[np.int64], values: Values) -> Values:
    most = len(best) - 1
    value_of = np.full(most, -np.inf)  # of the lengths from the most down to 1
    value_of[most - lengths] = values
    beside = sliding_window_view(np.concatenate((np.full(most, -np.inf), best)), most)  # by room, for the same lengths
    found: Values = best.copy()
    size = max(1, _CELLS // most)
    space = np.empty((size, most))
    for start in range(0, most + 1, size):
        stop = min(start + size, most + 1)
        fitting = slice(most - stop + 1, None)  # no longer than the block's last room
        sums = np.add(beside[start:stop, fitting], value_of[fitting], out=space[: stop - start, fitting])
        np.maximum(found[start:stop], sums.max(axis=1, initial=-np.inf), out=found[start:stop])
    return found
