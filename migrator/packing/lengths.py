"""How long the sequences of unpacked shards are: from `input_mask` alone, which is a small part of the data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from migrator.packing.algorithms.histogram import LengthHistogram
from migrator.packing.blocks import Block, blocks
from migrator.packing.faults import ShardError, row_error
from migrator.packing.inputs import Inputs
from migrator.packing.memory import Memory
from migrator.packing.parallel import ordered
from migrator.packing.progress import Progress, unheard
from migrator.packing.sequences.ragged import Ints
from migrator.packing.sequences.row_checks import first_faults, has_gap, outside
from migrator.packing.shards.shard import Shard


def length_histogram(
    inputs: Inputs, row_length: int, skip_bad: bool, memory: Memory, progress: Progress = unheard
) -> LengthHistogram:
    """Of all sequences, for rows of `row_length` tokens.

    Raises `ShardError` for the first row whose mask is no sequence of that length, unless such rows are to be skipped.
    """
    shards = inputs.readable
    counts = np.zeros((len(shards), row_length + 1), np.int64)
    unreadable = np.zeros(len(shards), bool)
    done, total = 0, sum(shard.rows for shard in shards)
    looks = ordered(
        lambda block: _looked_at(shards[block.shard], block, row_length), blocks(shards, memory), memory.workers
    )
    for look in looks:
        if look.wrong is not None and not skip_bad:
            raise look.wrong
        counts[look.block.shard] += look.counts
        unreadable[look.block.shard] |= look.unreadable
        done += look.block.stop - look.block.start
        progress("reading lengths", done, total)
    return LengthHistogram(tuple(counts[~unreadable].sum(axis=0)[1:].tolist()))


@dataclass(frozen=True)
class _Look:
    block: Block
    counts: NDArray[np.int64]  # [row length + 1], of the rows that are sequences
    wrong: ShardError | None = None
    unreadable: bool = False


def _looked_at(shard: Shard, block: Block, row_length: int) -> _Look:
    try:
        mask: Ints = shard.read(block.start, block.stop, ["input_mask"])["input_mask"]
    except ShardError as error:
        return _Look(block, np.zeros(row_length + 1, np.int64), error, unreadable=True)
    real = mask != 0
    lengths = np.count_nonzero(real, axis=1)
    faults = first_faults(
        [
            (lengths == 0, "holds no tokens: its input_mask is empty"),
            (has_gap(real), "has a gap in its input_mask, so its tokens are not one sequence"),
            (outside(mask, 0, 1), "has an input_mask of other numbers than 0 and 1"),
            (lengths > row_length, f"is longer than {row_length} tokens, the length of a packed row"),
        ]
    )
    keep = np.ones(len(mask), bool)
    keep[list(faults)] = False
    counts = np.bincount(lengths[keep], minlength=row_length + 1)
    wrong = [row_error(shard.path, replace(fault, row=block.start + fault.row)) for fault in faults.values()]
    return _Look(block, counts, wrong[0] if wrong else None)
