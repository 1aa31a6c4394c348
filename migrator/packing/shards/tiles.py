"""Rows of a dataset as they lie in its chunks, decoded, before anything is put together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Tile(NamedTuple):
    """Some rows of a table of `width` columns, and where in an array they belong.

    Columns past the array's last one count for nothing. There are hundreds for a band of rows, and a named tuple is
    made in a third of the time that a dataclass takes.
    """

    data: bytes | memoryview
    width: int
    skip: int  # rows of the table before the first of these
    rows: int
    row: int
    column: int


def tiles_of(array: NDArray[Any]) -> list[Tile]:
    """All of an array of one or two dimensions as one tile; none where it is empty."""
    if not array.size:
        return []
    width = array.shape[1] if array.ndim == 2 else 1
    return [Tile(np.ascontiguousarray(array).data.cast("B"), width, 0, len(array), 0, 0)]


def assembled(tiles: Sequence[Tile], shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """[rows] or [rows, width]: what the tiles make up together."""
    out = np.empty(shape, dtype)
    table = out.reshape(shape[0], math.prod(shape[1:]))
    for tile in tiles:
        part = table[tile.row : tile.row + tile.rows, tile.column : tile.column + tile.width]
        own = np.frombuffer(tile.data, dtype).reshape(-1, tile.width)[tile.skip : tile.skip + tile.rows]
        _copy(own[:, : part.shape[1]], part)
    return out


def _copy(source: NDArray[Any], target: NDArray[Any]) -> None:
    """A row as one piece of bytes, in half the time that its numbers take."""
    piece = np.dtype((np.void, source.shape[1] * source.dtype.itemsize))
    target.view(piece)[:] = source.view(piece)
