"""Sequences out of padded rows, each of which holds one, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from migrator.packing.faults import RowFault
from migrator.packing.keys import LABEL_KEY, UNPACKED_DTYPES, Arrays
from migrator.packing.sequences.ragged import Ints, Sequences
from migrator.packing.sequences.row_checks import (
    LARGEST_ID,
    LARGEST_SEGMENT,
    Bools,
    differ,
    first_faults,
    has_gap,
    outside,
)


def sequences_of(rows: Arrays, keep: Bools | None = None) -> Sequences:
    """The sequences of rows without faults, or of those rows that `keep` [N] names."""
    if keep is not None and not keep.all():
        rows = {key: array[keep] for key, array in rows.items()}
    real, masked = rows["input_mask"] != 0, rows["masked_lm_positions"] != 0
    return Sequences(
        lengths=np.count_nonzero(real, axis=1),
        tokens=rows["input_ids"][real],
        segments=rows["segment_ids"][real],
        masked_counts=np.count_nonzero(masked, axis=1),
        masked_positions=rows["masked_lm_positions"][masked],
        masked_ids=rows["masked_lm_ids"][masked],
        labels=rows[LABEL_KEY],
    )


def padded_rows(sequences: Sequences, row_length: int, masked_width: int) -> dict[str, NDArray[Any]]:
    """One row for each sequence, with the datasets of an unpacked shard."""
    real, masked = prefix(sequences.lengths, row_length), prefix(sequences.masked_counts, masked_width)
    return {
        "input_ids": _laid_out(sequences.tokens, real, "input_ids"),
        "input_mask": real.astype(UNPACKED_DTYPES["input_mask"]),
        "segment_ids": _laid_out(sequences.segments, real, "segment_ids"),
        "masked_lm_positions": _laid_out(sequences.masked_positions, masked, "masked_lm_positions"),
        "masked_lm_ids": _laid_out(sequences.masked_ids, masked, "masked_lm_ids"),
        LABEL_KEY: sequences.labels.astype(UNPACKED_DTYPES[LABEL_KEY]),
    }


def prefix(counts: Ints, width: int) -> Bools:
    """[n, width], true for the first so many of each row."""
    return np.arange(width, dtype=np.int32) < np.asarray(counts, np.int32)[:, None]


def _laid_out(values: Ints, places: Bools, key: str) -> NDArray[Any]:
    out = np.zeros(places.shape, UNPACKED_DTYPES[key])
    out[places] = values
    return out


def faults_of(rows: Arrays, longest: int, most_masked: int) -> list[RowFault]:
    """What is wrong with padded rows, one fault a row at most; sequences may have `longest` tokens."""
    ids, mask, segments = rows["input_ids"], rows["input_mask"], rows["segment_ids"]
    positions, masked_ids, labels = rows["masked_lm_positions"], rows["masked_lm_ids"], rows[LABEL_KEY]
    real, masked = mask != 0, positions != 0
    lengths, counts = np.count_nonzero(real, axis=1), np.count_nonzero(masked, axis=1)
    checks: list[tuple[Bools, str]] = [
        (lengths == 0, "holds no tokens: its input_mask is empty"),
        (has_gap(real), "has a gap in its input_mask, so its tokens are not one sequence"),
        (outside(mask, 0, 1), "has an input_mask of other numbers than 0 and 1"),
        (lengths > longest, f"is longer than {longest} tokens, the length of a packed row"),
        (differ(ids, real), "has token ids behind the end of its input_mask"),
        (differ(segments, real), "has segment ids behind the end of its input_mask"),
        (outside(ids, 0, LARGEST_ID), "has a token id below 0 or above 16,777,215"),
        (outside(segments, 0, LARGEST_SEGMENT), "has a segment id below 0 or above 127"),
        (has_gap(masked), "has a gap in its masked_lm_positions; what follows position 0 is lost to trainers"),
        (differ(masked_ids, masked), "has masked_lm_ids without a position"),
        (outside(positions, 0, None) | (positions.max(axis=1, initial=0) >= lengths), "has masked tokens outside it"),
        (outside(masked_ids, 0, LARGEST_ID), "has a masked_lm_id below 0 or above 16,777,215"),
        (counts > most_masked, f"has more than {most_masked} masked tokens"),
        ((labels < -128) | (labels > 127), "has a next_sentence_label that does not fit a byte"),
    ]
    return list(first_faults(checks).values())
