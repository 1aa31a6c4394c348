"""A full disk: an error that says so, nothing half-done in the output's place, and the next run goes on."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migrator.errors import OutputError
from tests.packing import oracle
from tests.packing.children import CONTEXT, ended, pack_with_small_files, started
from tests.packing.made_data import Storage, write_data
from tests.packing.runs import packed

LENGTHS = [np.random.default_rng(number).integers(1, 33, 60).tolist() for number in range(2)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_data(tmp_path / "in", LENGTHS, storage=Storage(chunk=(8, 32)))


def told(largest: int, source: Path, output: Path) -> str:
    here, there = CONTEXT.Pipe()
    process = started(pack_with_small_files, largest, there, source, output)
    assert here.poll(30), "it ended without a word"
    text: str = here.recv()
    assert ended(process) == 0
    return text


@pytest.mark.parametrize("largest", [0, 100, 1000, 2048, 3000, 6000, 10_000, 12_000, 16_000, 20_000])
def test_files_that_may_not_grow(source: Path, tmp_path: Path, largest: int) -> None:
    """The limit is met by the spill, by small files and by shards, when they grow and when they are closed."""
    message = told(largest, source, tmp_path / "out")

    assert message.startswith(f"OutputError: cannot write {tmp_path / 'out'}: File too large")
    assert "raise the limit on file sizes (ulimit -f) and run the same command again" in message
    assert not (tmp_path / "out").exists()

    packed(source, tmp_path / "out")
    packed(source, tmp_path / "quiet" / "out")
    assert oracle.everything(tmp_path / "out") == oracle.everything(tmp_path / "quiet" / "out")
    assert not (tmp_path / "out.partial").exists()


def test_enough_room(source: Path, tmp_path: Path) -> None:
    assert told(2**20, source, tmp_path / "out") == ""


@pytest.mark.parametrize(
    ("number", "reason", "hint"),
    [
        (errno.ENOSPC, "No space left on device", "free some space and run the same command again"),
        (errno.EDQUOT, "Disk quota exceeded", "free some space"),
        (errno.EIO, "Input/output error", "remove the cause and run the same command again"),
    ],
)
@pytest.mark.parametrize("writes", [0, 1, 5])
def test_a_disk_that_fails(
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    reason: str,
    hint: str,
    writes: int,
) -> None:
    write, left = os.pwrite, writes

    def failing(file: int, data: Any, place: int) -> int:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(number, os.strerror(number))
        return write(file, data[: max(1, len(data) // 2)], place)  # as a nearly full disk does

    monkeypatch.setattr(os, "pwrite", failing)
    with pytest.raises(OutputError) as error:
        packed(source, tmp_path / "out")
    monkeypatch.undo()

    assert error.value.message == f"cannot write {tmp_path / 'out'}: {reason}"
    assert error.value.hint.startswith(hint)
    assert not (tmp_path / "out").exists()
    packed(source, tmp_path / "out")
    packed(source, tmp_path / "quiet" / "out")
    assert oracle.everything(tmp_path / "out") == oracle.everything(tmp_path / "quiet" / "out")
