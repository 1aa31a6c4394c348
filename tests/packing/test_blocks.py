"""The rows of all shards, shared out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from migrator.packing.blocks import Block, blocks
from migrator.packing.faults import ShardError
from migrator.packing.memory import Memory
from migrator.packing.shards.shard import Shard, open_shard
from tests.packing.made_data import Storage, random_rows, write_shard

MIB = 2**20
GZIP = {"compression": "gzip"}


def made(folder: Path, rows: int, chunk: tuple[int, int], number: int = 0) -> Shard:
    path = folder / f"shard_training_{number}.hdf5"
    write_shard(path, random_rows(np.random.default_rng(1), [7] * rows), Storage(GZIP, chunk))
    return open_shard(path)


def covered(found: list[Block], shards: list[Shard]) -> bool:
    """Whether every row is in one block, in order."""
    rows = [(block.shard, row) for block in found for row in range(block.start, block.stop)]
    return rows == [(number, row) for number, shard in enumerate(shards) for row in range(shard.rows)]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_worker_gets_some_of_few_shards(tmp_path: Path, workers: int) -> None:
    shards = [made(tmp_path, 100, (4, 32)), made(tmp_path, 30, (4, 32), number=1)]

    found = list(blocks(shards, Memory(1024 * MIB, workers)))

    assert covered(found, shards)
    assert len(found) >= 3 * workers  # 4, but for whole chunks
    assert all(block.start % 4 == 0 for block in found)
    most = max(block.stop - block.start for block in found if block.shard == 0)
    assert min(block.stop - block.start for block in found if block.shard == 0) >= most / 2


def test_a_chunk_is_never_cut(tmp_path: Path) -> None:
    shards = [made(tmp_path, 100, (64, 32))]
    found = list(blocks(shards, Memory(1024 * MIB, 8)))
    assert [(block.start, block.stop) for block in found] == [(0, 64), (64, 100)]


def test_shards_without_rows_and_those_that_cannot_be_opened(tmp_path: Path) -> None:
    shard = made(tmp_path, 5, (4, 32))
    broken = ShardError(tmp_path / "x", "is broken")
    assert {block.shard for block in blocks([broken, shard], Memory(1024 * MIB, 2))} == {1}
    assert list(blocks([made(tmp_path, 0, (4, 32), number=1)], Memory(1024 * MIB, 2))) == []


def test_chunks_that_memory_has_no_room_for(tmp_path: Path) -> None:
    """One chunk for a whole dataset, as some tools write."""
    shards = [made(tmp_path, 5, (2**19, 32))]
    assert shards[0].chunk_bytes > 64 * MIB

    with pytest.raises(ShardError, match=r"shard_training_0.hdf5: its chunks take \d+ MiB decoded") as error:
        list(blocks(shards, Memory(300 * MIB, 2)))

    asked = int(error.value.hint.removeprefix("give --memory ").partition("M,")[0])
    assert covered(list(blocks(shards, Memory(asked * MIB, 2))), shards)
    with pytest.raises(ShardError):
        list(blocks(shards, Memory((asked - 2) * MIB, 2)))
