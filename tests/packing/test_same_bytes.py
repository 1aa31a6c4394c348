"""The same request on the same input gives the same bytes, however the work is divided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from migrator.packing.memory import Memory
from migrator.packing.pack import pack
from migrator.packing.sequences import compaction, row_planes
from tests.packing import oracle
from tests.packing.made_data import CONTIGUOUS, Kind, Storage, shard_name, write_data
from tests.packing.runs import SmallBlocks, packed, request

LENGTHS = [np.random.default_rng(number).integers(1, 33, 150).tolist() for number in range(3)]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data") / "in", LENGTHS, storage=Storage(chunk=(16, 32)))


@pytest.fixture(scope="module")
def expected(source: Path) -> dict[str, bytes]:
    output = source.with_name("expected")
    packed(source, output, SmallBlocks(workers=1))
    return oracle.everything(output)


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("chunks", [1, 3, 100])
def test_any_number_of_workers_and_any_size_of_blocks(
    source: Path, expected: dict[str, bytes], tmp_path: Path, workers: int, chunks: int
) -> None:
    packed(source, tmp_path / "out", SmallBlocks(workers=workers, chunks=chunks))

    assert oracle.everything(tmp_path / "out") == expected


def test_any_limit_of_memory(tmp_path: Path) -> None:
    """With blocks as they are in earnest."""
    lengths = np.random.default_rng(1).integers(1, 129, 6000).tolist()
    source = write_data(tmp_path / "in", [lengths], Kind(128, 20), CONTIGUOUS)

    for limit, workers in ((250, 5), (700, 2), (4000, 1)):
        pack(request(source, tmp_path / f"{limit}"), Memory(limit * 2**20, workers))

    least, middle, most = (oracle.everything(tmp_path / name) for name in ("250", "700", "4000"))
    assert least == middle == most


def test_with_and_without_the_compiled_loops(
    source: Path, expected: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (compaction, row_planes):
        monkeypatch.setattr(module, "loops", None)
    packed(source, tmp_path / "out")

    assert oracle.everything(tmp_path / "out") == expected


def test_another_seed_gives_another_order(source: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    packed(source, tmp_path / "out", seed=1)

    assert oracle.everything(tmp_path / "out") != expected
    first, second = oracle.in_order(source.with_name("expected")), oracle.in_order(tmp_path / "out")
    assert first != second
    assert sorted(first) == sorted(second)


def test_the_order_of_the_input_does_not_survive(source: Path, expected: dict[str, bytes]) -> None:
    """Neighbours, often of one document, end up apart."""
    before = {sequence: number for number, sequence in enumerate(_padded_in_order(source))}
    numbers = [before[sequence] for sequence in oracle.in_order(source.with_name("expected"))]
    apart = np.abs(np.diff(numbers))

    assert np.median(apart) > len(numbers) / 8


def test_shards_are_taken_by_name_in_whatever_order_they_were_made(
    source: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for number in (2, 0, 1):
        (tmp_path / "in" / shard_name(number)).write_bytes((source / shard_name(number)).read_bytes())

    packed(tmp_path / "in", tmp_path / "out")

    assert oracle.everything(tmp_path / "out") == expected


def _padded_in_order(folder: Path) -> list[bytes]:
    return [sequence for path in oracle.shards(folder) for sequence in oracle.padded_shard(path)]
