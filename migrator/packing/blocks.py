"""The rows of several shards in blocks that memory has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrator.packing.faults import ShardError
from migrator.packing.memory import Memory
from migrator.packing.shards.shard import Shard

_EACH = 4  # blocks for every worker at least, where there are rows enough: then they end at about the same time


@dataclass(frozen=True)
class Block:
    shard: int
    start: int
    stop: int


def blocks(shards: Sequence[Shard | ShardError], memory: Memory) -> Iterator[Block]:
    """All rows, shard after shard; none of those that could not be opened.

    Raises `ShardError` where even one row of a shard takes more memory than there is.
    """
    share = -(-sum(shard.rows for shard in shards if isinstance(shard, Shard)) // (_EACH * memory.workers))
    for number, shard in enumerate(shards):
        if isinstance(shard, Shard):
            memory.check_chunks(shard.path, shard.chunk_bytes)
            most = min(memory.read_rows(shard.row_bytes, shard.block_rows), max(1, share))
            yield from _even(number, shard, most)


def _even(number: int, shard: Shard, most: int) -> Iterator[Block]:
    """Blocks of about the same size, of whole chunks."""
    count = max(1, -(-shard.rows // most))
    step = max(1, -(-shard.rows // count))
    step += -step % shard.block_rows
    for start in range(0, shard.rows, step):
        yield Block(number, start, min(start + step, shard.rows))
