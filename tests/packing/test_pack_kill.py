"""kill -9 while packing, and again: running the same command until it is done gives what one quiet run gives."""

from __future__ import annotations

import os
import random
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migrator.errors import OutputError
from tests.packing import oracle
from tests.packing.children import CONTEXT, ended, pack_slowly, pack_until, pack_when_told, started
from tests.packing.made_data import Kind, Storage, shard_name, write_data
from tests.packing.runs import SmallBlocks, assert_all_there, packed

LENGTHS = [np.random.default_rng(number).integers(1, 33, 25).tolist() for number in range(3)]
NARROW, WIDE = Kind(), Kind(vocabulary=50_000)  # wide ids make reading begin again


@pytest.fixture(params=[NARROW, WIDE], ids=["narrow", "wide"])
def source(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return write_data(tmp_path / "in", LENGTHS, request.param, Storage(chunk=(8, 32)))


@pytest.fixture
def expected(source: Path, tmp_path: Path) -> dict[str, bytes]:
    packed(source, tmp_path / "quiet" / "out")
    return oracle.everything(tmp_path / "quiet" / "out")


def assert_finished(output: Path, expected: dict[str, bytes]) -> None:
    assert oracle.everything(output) == expected
    assert {path.name for path in output.parent.iterdir()} - {"in", "quiet"} == {"out", "out_metadata.json"}


def kill_at(change: int, source: Path, output: Path, **options: Any) -> bool:
    """Whether it was killed: it may have been done before."""
    status = ended(started(pack_until, change, source, output, options))
    assert status in (0, -signal.SIGKILL)
    return status != 0


def assert_whole_or_absent(output: Path) -> None:
    if output.exists():
        oracle.assert_told_right(output)


def remove(output: Path) -> None:
    shutil.rmtree(output)
    output.with_name("out_metadata.json").unlink()


def kill_everywhere(source: Path, output: Path, expected: dict[str, bytes], step: int, offset: int) -> None:
    """Die at one change to files after the other, each time from the begin, and finish."""
    change = offset
    while kill_at(change, source, output):
        assert_whole_or_absent(output)
        packed(source, output)
        assert_finished(output, expected)
        remove(output)
        change += step
    assert change > 30
    assert_finished(output, expected)


def test_killed_at_some_changes(source: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
    kill_everywhere(source, tmp_path / "out", expected, step=9, offset=random.randrange(9))


@pytest.mark.slow
def test_killed_at_every_change(source: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
    kill_everywhere(source, tmp_path / "out", expected, step=1, offset=0)


@pytest.mark.parametrize("every", [12, 20])
def test_killed_again_and_again(source: Path, tmp_path: Path, expected: dict[str, bytes], every: int) -> None:
    """Each run comes a little further than the one before."""
    runs = 0
    while kill_at(every + runs, source, tmp_path / "out"):
        assert_whole_or_absent(tmp_path / "out")
        runs += 1
        assert runs < 100

    assert runs > 1
    assert_finished(tmp_path / "out", expected)


@pytest.mark.slow
def test_killed_at_random_moments(source: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
    killed = 0
    for _ in range(60):
        process = started(pack_slowly, 0.02, source, tmp_path / "out", {})
        process.join(random.uniform(0.02, 0.25))
        if process.pid is not None and process.exitcode is None:
            os.kill(process.pid, signal.SIGKILL)
        if ended(process) == 0:
            break
        killed += 1
        assert_whole_or_absent(tmp_path / "out")

    packed(source, tmp_path / "out")
    assert killed
    assert_finished(tmp_path / "out", expected)


class TestWhatWasDone:
    """A run goes on where the last one was killed."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        return write_data(tmp_path / "in", LENGTHS, NARROW, Storage(chunk=(8, 32)))

    def killed_when(self, name: str, source: Path, output: Path) -> None:
        """Kill a run as soon as its unfinished folder holds a file of this name."""
        path = output.with_name("out.partial") / name
        change = 0
        while not path.is_file():
            assert kill_at(change, source, output)
            change += 1

    def phases(self, source: Path, output: Path, **options: Any) -> dict[str, int]:
        """Of a run that ends: the sequences that were through each phase when it was first heard of."""
        heard: dict[str, int] = {}
        packed(
            source, output, SmallBlocks(workers=1), lambda phase, done, total: heard.setdefault(phase, done), **options
        )
        return heard

    def test_input_is_not_read_again(self, source: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
        self.killed_when("spill/000001.npz", source, tmp_path / "out")

        assert self.phases(source, tmp_path / "out")["reading"] > 2 * len(LENGTHS[0])
        assert_finished(tmp_path / "out", expected)

    def test_finished_shards_are_not_written_again(
        self, source: Path, tmp_path: Path, expected: dict[str, bytes]
    ) -> None:
        self.killed_when("rows/packed_training_0002.hdf5.part", source, tmp_path / "out")
        written = tmp_path / "out.partial" / "rows" / "packed_training_0000.hdf5"
        before = written.stat()

        heard = self.phases(source, tmp_path / "out")

        assert "reading" not in heard
        after = (tmp_path / "out" / written.name).stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        assert_finished(tmp_path / "out", expected)

    @pytest.mark.parametrize("options", [{"seed": 1}, {"per_row": 2}, {"shards": 2}], ids=str)
    def test_other_options_keep_what_was_read(self, source: Path, tmp_path: Path, options: dict[str, Any]) -> None:
        self.killed_when("rows/packed_training_0002.hdf5.part", source, tmp_path / "out")

        heard = self.phases(source, tmp_path / "out", **options)

        packed(source, tmp_path / "quiet" / "out", **options)
        assert "reading" not in heard
        assert_finished(tmp_path / "out", oracle.everything(tmp_path / "quiet" / "out"))

    @pytest.mark.parametrize("options", [{"row_length": 40}, {"most_masked": 6}, {"skip_bad": True}], ids=str)
    def test_other_limits_read_again(self, source: Path, tmp_path: Path, options: dict[str, Any]) -> None:
        self.killed_when("rows/packed_training_0002.hdf5.part", source, tmp_path / "out")

        heard = self.phases(source, tmp_path / "out", **options)

        packed(source, tmp_path / "quiet" / "out", **options)
        assert heard["reading"] == 8
        assert_finished(tmp_path / "out", oracle.everything(tmp_path / "quiet" / "out"))

    @pytest.mark.parametrize("at", ["spill/000001.npz", "plan.json", "rows/packed_training_0001.hdf5"])
    def test_changed_input_is_read_again(self, source: Path, tmp_path: Path, at: str) -> None:
        self.killed_when(at, source, tmp_path / "out")
        write_data(source, LENGTHS, NARROW, Storage(chunk=(8, 32)), seed=7)

        heard = self.phases(source, tmp_path / "out")

        assert heard["reading"] == 8
        assert_all_there(source, tmp_path / "out")

    def test_killed_while_it_forgets(self, source: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
        """What a run with other limits has begun to remove is not taken for done by the next with the first ones."""
        self.killed_when("rows/packed_training_0002.hdf5.part", source, tmp_path / "out")
        begun = tmp_path / "quiet" / "begun"
        (tmp_path / "out.partial").rename(begun)
        for change in range(3, 18):
            shutil.copytree(begun, tmp_path / "out.partial")
            assert kill_at(change, source, tmp_path / "out", row_length=40)
            packed(source, tmp_path / "out")
            assert_finished(tmp_path / "out", expected)
            remove(tmp_path / "out")

    def test_one_more_shard_is_noticed(self, source: Path, tmp_path: Path) -> None:
        self.killed_when("plan.json", source, tmp_path / "out")
        (source / shard_name(3)).write_bytes((source / shard_name(0)).read_bytes())

        packed(source, tmp_path / "out")

        assert_all_there(source, tmp_path / "out")

    @pytest.mark.parametrize("name", ["words", "masked"])
    def test_words_that_somebody_deleted(
        self, source: Path, tmp_path: Path, expected: dict[str, bytes], name: str
    ) -> None:
        self.killed_when("plan.json", source, tmp_path / "out")
        (tmp_path / "out.partial" / "spill" / name).unlink()

        packed(source, tmp_path / "out")

        assert_finished(tmp_path / "out", expected)


def test_two_at_once(source: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
    """The second one is refused, and nothing of the first one's work is touched."""
    here, there = CONTEXT.Pipe()
    first = started(pack_when_told, there, source, tmp_path / "out")
    assert here.poll(30)
    assert here.recv() == "reading"

    with pytest.raises(OutputError, match=r"out.partial is in use by another process") as error:
        packed(source, tmp_path / "out")

    assert "wait until it has ended" in error.value.hint
    here.send("go on")
    assert ended(first) == 0
    assert_finished(tmp_path / "out", expected)
    assert not packed(source, tmp_path / "out").fresh
