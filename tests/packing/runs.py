"""Packing in tests: with blocks and chunks so small that even little data takes many of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from migrator.packing.finished import Packed
from migrator.packing.memory import Memory
from migrator.packing.pack import pack
from migrator.packing.progress import Progress, unheard
from migrator.packing.request import Packing, Reading, Request
from migrator.packing.shards import writing
from tests.packing import oracle

_READING = set(Reading.__dataclass_fields__)


@dataclass(frozen=True)
class SmallBlocks(Memory):
    """Blocks of a few chunks."""

    limit: int = 2**30
    workers: int = 2
    chunks: int = 1

    def read_rows(self, row_bytes: int, multiple_of: int) -> int:
        return multiple_of * self.chunks


def request(source: Path, output: Path, **options: Any) -> Request:
    reading = {key: value for key, value in options.items() if key in _READING}
    packing = {key: value for key, value in options.items() if key not in _READING}
    return Request(source, output, Reading(**reading), Packing(**packing))


@contextmanager
def small_chunks(size: int = 2**10) -> Iterator[None]:
    """Packed shards have chunks of so many bytes."""
    with mock.patch.object(writing, "_CHUNK_BYTES", size):
        yield


def packed(
    source: Path, output: Path, memory: Memory | None = None, progress: Progress = unheard, **options: Any
) -> Packed:
    with small_chunks():
        return pack(request(source, output, **options), memory or SmallBlocks(), progress)


def assert_all_there(source: Path, output: Path) -> None:
    """Every sequence of the input exactly once, in files that are as they should be."""
    assert oracle.packed(output) == oracle.padded(source)
    oracle.assert_of_one_format(output)
    oracle.assert_told_right(output)
    assert not list(output.parent.glob("*.part*"))
