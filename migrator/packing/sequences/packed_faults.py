"""What is wrong with packed rows, whoever made them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from migrator.packing.faults import RowFault
from migrator.packing.keys import LABEL_KEY, Arrays
from migrator.packing.sequences.ragged import Ints, within_runs
from migrator.packing.sequences.row_checks import (
    LARGEST_ID,
    LARGEST_SEGMENT,
    Bools,
    differ,
    first_faults,
    has_gap,
    outside,
)


def packed_faults(rows: Arrays) -> list[RowFault]:
    """The first fault of each row that has any, in the order of the rows."""
    found = first_faults(_numbering(rows["input_mask"]))
    sound = np.ones(len(rows["input_mask"]), bool)
    sound[list(found)] = False
    places = np.flatnonzero(sound)  # what follows counts on the numbers in input_mask
    rest = rows if not found else {key: array[sound] for key, array in rows.items()}
    layout = _Layout.of(rest["input_mask"], rest["next_sentence_weights"].shape[1])
    for row, fault in first_faults([*_tokens(rest, layout), *_masked(rest, layout), *_sentences(rest, layout)]).items():
        place = int(places[row])
        found[place] = replace(fault, row=place)
    return [found[row] for row in sorted(found)]


def _numbering(mask: Ints) -> Iterator[tuple[Bools, str]]:
    real = mask != 0
    yield ~real.any(axis=1), "holds no tokens"
    yield has_gap(real), "has padding between its tokens"
    here, after = mask[:, :-1], mask[:, 1:]  # a byte's largest number + 1 is negative, which is refused as well
    rising = (after == here) | (after == here + 1) | ~real[:, 1:]
    wrong = ~(rising.all(axis=1) & (mask[:, :1] == 1).all(axis=1)) | outside(mask, 0, None)
    yield wrong, "does not number its sequences 1, 2, 3, ... in input_mask"


@dataclass(frozen=True)
class _Layout:
    """What input_mask says of N rows of S tokens, with room for K sequences."""

    real: Bools  # [N, S]
    totals: NDArray[np.int64]  # [N], tokens
    per_row: NDArray[np.int64]  # [N], sequences
    positions: NDArray[np.int32]  # [N, S], from 0 in each sequence; 0 in padding
    starts: NDArray[np.int64]  # [N, K], where each sequence begins; 0 where there is none
    slots: Bools  # [N, K], whether there is one

    @classmethod
    def of(cls, mask: Ints, width: int) -> _Layout:
        real, place = mask != 0, np.arange(mask.shape[1], dtype=np.int32)
        begins = real.copy()
        begins[:, 1:] &= mask[:, 1:] != mask[:, :-1]
        positions = place - np.maximum.accumulate(np.where(begins, place, np.int32(0)), axis=1)
        positions[~real] = 0
        per_row = np.count_nonzero(begins, axis=1)
        slots = np.arange(width) < per_row[:, None]
        starts = np.zeros(slots.shape, np.int64)
        starts[slots] = np.nonzero(begins)[1][within_runs(per_row) < width]
        return cls(real, np.count_nonzero(real, axis=1), per_row, positions, starts, slots)


def _tokens(rows: Arrays, layout: _Layout) -> Iterator[tuple[Bools, str]]:
    positions = rows["positions"]
    wrong = layout.real & (positions != layout.positions)
    yield np.any(wrong, axis=1), "has positions that do not restart with each sequence"
    yield differ(positions, layout.real), "has positions in its padding"
    yield differ(rows["input_ids"], layout.real), "has token ids in its padding"
    yield differ(rows["segment_ids"], layout.real), "has segment ids in its padding"
    yield outside(rows["input_ids"], 0, LARGEST_ID), f"has a token id below 0 or above {LARGEST_ID:,}"
    yield outside(rows["segment_ids"], 0, LARGEST_SEGMENT), f"has a segment id below 0 or above {LARGEST_SEGMENT}"


def _masked(rows: Arrays, layout: _Layout) -> Iterator[tuple[Bools, str]]:
    places, ids = rows["masked_lm_positions"], rows["masked_lm_ids"]
    masked = places != 0
    beyond = (places < 0) | (places >= layout.totals[:, None])
    yield np.any(beyond, axis=1), "has masked tokens in its padding, or outside the row"
    inside = np.where(beyond, 0, places).astype(np.int64)
    at_begin = masked & ~beyond & (np.take_along_axis(layout.positions, inside, axis=1) == 0)
    yield np.any(at_begin, axis=1), "has masked tokens where a sequence begins, at its [CLS]"
    yield has_gap(masked), "has a gap in its masked_lm_positions; what follows position 0 is lost to trainers"
    yield differ(ids, masked), "has masked_lm_ids without a position"
    yield outside(ids, 0, LARGEST_ID), f"has a masked_lm_id below 0 or above {LARGEST_ID:,}"


def _sentences(rows: Arrays, layout: _Layout) -> Iterator[tuple[Bools, str]]:
    places, labels, weights = rows["next_sentence_positions"], rows[LABEL_KEY], rows["next_sentence_weights"]
    width, slots = weights.shape[1], layout.slots
    yield layout.per_row > width, f"holds more sequences than the {width} that next_sentence_* has room for"
    yield np.any(weights != slots, axis=1), "has next_sentence_weights other than 1 for each of its sequences, 0 else"
    wrong = slots & (places != layout.starts)
    yield np.any(wrong, axis=1), "has a next_sentence_position elsewhere than where its sequence begins"
    yield outside(places, 0, layout.real.shape[1] - 1), "has a next_sentence_position outside the row"
    yield outside(np.where(slots, labels, 0), -128, 127), "has a next_sentence_label that does not fit a byte"
