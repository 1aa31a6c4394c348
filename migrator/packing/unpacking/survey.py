"""How many sequences packed shards hold, and how long they are, from two datasets of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from migrator.packing.blocks import Block, blocks
from migrator.packing.keys import Arrays
from migrator.packing.memory import Memory
from migrator.packing.parallel import ordered
from migrator.packing.progress import Progress
from migrator.packing.shards.shard import Shard

_KEYS = ("input_mask", "masked_lm_positions")


@dataclass(frozen=True)
class Survey:
    sequences: list[int]  # of each shard
    longest: int  # tokens of a sequence
    most_masked: int  # masked tokens of a sequence


def survey(shards: Sequence[Shard], memory: Memory, progress: Progress) -> Survey:
    """Of rows without faults; broken ones are met when they are unpacked. Raises `ShardError`."""
    sequences, longest, most_masked = [0] * len(shards), 0, 0
    done, total = 0, sum(shard.rows for shard in shards)
    looks = ordered(lambda block: _looked_at(shards[block.shard], block), blocks(shards, memory), memory.workers)
    for block, found in looks:
        sequences[block.shard] += found[0]
        longest, most_masked = max(longest, found[1]), max(most_masked, found[2])
        done += block.stop - block.start
        progress("counting", done, total)
    return Survey(sequences, longest, most_masked)


def _looked_at(shard: Shard, block: Block) -> tuple[Block, tuple[int, int, int]]:
    return block, _counted(shard.read(block.start, block.stop, _KEYS))


def _counted(rows: Arrays) -> tuple[int, int, int]:
    """Sequences, tokens of the longest one, and masked tokens of the one with most."""
    mask, places = rows["input_mask"], rows["masked_lm_positions"]
    number = np.arange(len(mask))[:, None]
    most = min(int(mask.max(initial=0)), mask.shape[1]) + 1
    flat = number * most + np.clip(mask, 0, most - 1)  # of which sequence each token is; multiples of `most`: of none
    lengths = np.bincount(flat.ravel(), minlength=len(mask) * most)
    inside = np.clip(places, 0, mask.shape[1] - 1).astype(np.int64)
    owners = np.take_along_axis(flat, inside, axis=1)[places != 0]
    masked = np.bincount(owners, minlength=len(mask) * most)
    lengths[::most] = masked[::most] = 0
    return int(np.count_nonzero(lengths)), int(lengths.max(initial=0)), int(masked.max(initial=0))
