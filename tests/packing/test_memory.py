from __future__ import annotations

import pytest

from migrator.errors import UsageError
from migrator.packing.memory import Memory, default_memory

MIB = 2**20


def test_blocks_shrink_with_the_limit() -> None:
    rows = [Memory(limit * MIB, 2).read_rows(4096, 1) for limit in (400, 600, 1000)]
    assert rows == sorted(rows)
    assert rows[0] < rows[-1]


def test_blocks_shrink_with_the_workers_that_share_the_memory() -> None:
    assert Memory(600 * MIB, 8).read_rows(4096, 1) < Memory(600 * MIB, 2).read_rows(4096, 1)


def test_all_blocks_together_stay_below_the_limit() -> None:
    for limit in (400, 600, 1000, 10_000):
        assert Memory(limit * MIB, 4).read_rows(4096, 1) * 4096 * 4 < limit * MIB


def test_blocks_are_whole_chunks() -> None:
    for chunk in (1, 7, 512, 10**9):
        rows = Memory(400 * MIB, 2).read_rows(4096, chunk)
        assert rows >= chunk
        assert rows % chunk == 0


def test_the_default_grows_with_the_workers() -> None:
    assert default_memory(1) < default_memory(2) <= 1024 * MIB


def test_an_index_that_does_not_fit() -> None:
    Memory(1024 * MIB, 2).check(1_000_000)
    with pytest.raises(UsageError, match=r"100,000,000 sequences need \d+ MiB for their index alone") as error:
        Memory(1024 * MIB, 2).check(100_000_000)

    asked = int(error.value.hint.removeprefix("give --memory ").removesuffix("M or more"))
    Memory(asked * MIB, 2).check(100_000_000)
