"""module.c. Arrays must be contiguous and of the types that are named here.

Raises ValueError where one is smaller than what is read from it or written into it, or tiles do not make up all rows.
"""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

_Array = NDArray[Any]

_Tiles = Sequence[tuple[bytes | memoryview | _Array, int, int, int, int, int]]  # `Tile` of shards/tiles.py

def compact(
    ids: _Tiles,  # int32 [n, S], together; those of a row from left to right
    mask: _Tiles,  # int8 [n, S]
    segments: _Tiles,  # int8 [n, S]
    positions: _Tiles,  # int32 [n, P]
    masked_ids: _Tiles,  # int32 [n, P]
    lengths: _Array,  # uint16 [n], 0; this and the next three are filled
    counts: _Array,  # uint16 [n], 0
    words: _Array,  # [n * S]
    masked_words: _Array,  # [n * P]
    sizes: tuple[int, int, int, int, int],  # n, S, P; tokens and masked tokens of a sequence at most
    form: tuple[int, int],  # bits of an id and bytes of a word
    /,
) -> tuple[int, int, int]:
    """The outcome (0: done, 1: a fault, 2: a number too wide for a word), tokens and masked tokens."""

def fill(
    words: _Array | memoryview,
    masked_words: _Array | memoryview,
    per_row: _Array,  # int64 [rows]
    lengths: _Array,  # int64 [n], as the next three
    masked_counts: _Array,
    starts: _Array,  # of words
    masked_starts: _Array,
    labels: _Array,  # int8 [n]
    input_ids: _Array,  # uint8 [bytes, height, width], as all datasets; they are filled
    input_mask: _Array,
    segment_ids: _Array,
    positions: _Array,
    masked_lm_positions: _Array,
    masked_lm_ids: _Array,
    next_sentence_positions: _Array,
    next_sentence_labels: _Array,
    next_sentence_weights: _Array,
    sizes: tuple[int, int, int, int],  # height; tokens, masked tokens and sequences of a row
    form: tuple[int, int, int],  # bits of an id, bytes of a word, bytes of a sequence's number
    /,
) -> None: ...
