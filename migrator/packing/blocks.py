"""The rows of several shards in blocks that memory has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrator.packing.faults import ShardError
from migrator.packing.memory import Memory
from migrator.packing.shards.shard import Shard


@dataclass(frozen=True)
class Block:
    shard: int
    start: int
    stop: int


def blocks(shards: Sequence[Shard | ShardError], memory: Memory) -> Iterator[Block]:
    """All rows, shard after shard; none of those that could not be opened."""
    for number, shard in enumerate(shards):
        if isinstance(shard, Shard):
            step = memory.read_rows(shard.row_bytes, shard.block_rows)
            for start in range(0, shard.rows, step):
                yield Block(number, start, min(start + step, shard.rows))
