"""Padded rows as the words that the spill keeps of them."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from migrator.packing.compiled import loops
from migrator.packing.keys import LABEL_KEY, UNPACKED_DTYPES, UNPACKED_KEYS
from migrator.packing.sequences.ragged import Sequences
from migrator.packing.sequences.sound import sound_sequences
from migrator.packing.sequences.words import LONGEST, WordFormat
from migrator.packing.shards.bands import Band


class Unfit(IntEnum):
    """Why rows are not turned into words."""

    FAULT = 1
    WIDE = 2  # an id or a segment that words of the format cannot hold


class Compact(NamedTuple):
    """n sequences."""

    lengths: NDArray[np.uint16]  # [n]
    masked_counts: NDArray[np.uint16]  # [n]
    labels: NDArray[np.int8]  # [n]
    words: NDArray[Any]  # [sum of lengths]
    masked_words: NDArray[Any]  # [sum of masked_counts]

    @classmethod
    def of(cls, sequences: Sequences, form: WordFormat) -> Compact | Unfit:
        """Of sequences that nothing is wrong with."""
        if not form.holds(sequences):
            return Unfit.WIDE
        return cls(
            sequences.lengths.astype(np.uint16),
            sequences.masked_counts.astype(np.uint16),
            sequences.labels.astype(np.int8),
            form.tokens(sequences),
            form.masked_tokens(sequences),
        )


def compact(band: Band, longest: int, most_masked: int, form: WordFormat) -> Compact | Unfit:
    """The sequences of all rows, of so many tokens and masked tokens at most."""
    usual = all(band.dtypes[key] == UNPACKED_DTYPES[key] for key in UNPACKED_KEYS)
    narrow = all(width <= LONGEST for key in UNPACKED_KEYS for width in band.widths[key])
    if loops is not None and usual and narrow:
        return _by_machine_code(band, longest, most_masked, form)
    return _by_numpy(band, longest, most_masked, form)


def _by_numpy(band: Band, longest: int, most_masked: int, form: WordFormat) -> Compact | Unfit:
    sequences = sound_sequences(band.arrays(), longest, most_masked)
    return Unfit.FAULT if sequences is None else Compact.of(sequences, form)


def _by_machine_code(band: Band, longest: int, most_masked: int, form: WordFormat) -> Compact | Unfit:
    assert loops is not None
    (row_length,), (masked_width,) = band.widths["input_ids"], band.widths["masked_lm_ids"]
    lengths, masked_counts = np.zeros(band.rows, np.uint16), np.zeros(band.rows, np.uint16)
    words = np.empty(band.rows * row_length, form.token)
    masked_words = np.empty(band.rows * masked_width, form.masked)
    datasets = [band.tiles[key] for key in UNPACKED_KEYS if key != LABEL_KEY]
    sizes = band.rows, row_length, masked_width, longest, most_masked
    out = lengths, masked_counts, words, masked_words
    unfit, tokens, masked = loops.compact(*datasets, *out, sizes, (form.id_bits, form.token.itemsize))
    if unfit:
        return Unfit(unfit)
    return Compact(lengths, masked_counts, band.array(LABEL_KEY), words[:tokens], masked_words[:masked])
