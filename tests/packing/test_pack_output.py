"""Where the packed folder appears: all or nothing, and nobody's files are touched."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from migrator.errors import OutputError, UsageError
from migrator.packing.algorithms.solve import Algorithm
from migrator.packing.partial import Partial
from tests.packing import oracle
from tests.packing.made_data import write_data
from tests.packing.runs import SmallBlocks, assert_all_there, packed

LENGTHS = [[5, 9, 32, 1, 17], [28, 3, 3, 12, 20]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_data(tmp_path / "in", LENGTHS)


def times(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in [folder, *folder.parent.rglob("*")]}


def test_a_second_run_changes_nothing(source: Path, tmp_path: Path) -> None:
    first = packed(source, tmp_path / "out")
    before = times(tmp_path)

    second = packed(source, tmp_path / "out", SmallBlocks(workers=1))

    assert (first.fresh, second.fresh) == (True, False)
    assert (second.manifest, second.left_out) == (first.manifest, first.left_out)
    assert times(tmp_path) == before


@pytest.mark.parametrize(
    "options",
    [
        {"seed": 1},
        {"per_row": 2},
        {"unlimited": True},
        {"row_length": 64},
        {"shards": 1},
        {"most_masked": 6},
        {"skip_bad": True},
        {"algorithm": Algorithm.LPFHP},
        {"seconds": 1.0},
    ],
    ids=str,
)
def test_other_options_are_refused(source: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    packed(source, tmp_path / "out")
    before = oracle.everything(tmp_path / "out")

    with pytest.raises(OutputError, match="out exists and holds something else"):
        packed(source, tmp_path / "out", **options)

    assert oracle.everything(tmp_path / "out") == before
    assert not (tmp_path / "out.partial").exists()


def test_other_input_is_refused(source: Path, tmp_path: Path) -> None:
    packed(source, tmp_path / "out")
    other = write_data(tmp_path / "other", [*LENGTHS, [4]])

    with pytest.raises(OutputError, match="holds something else"):
        packed(other, tmp_path / "out")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"request": {}}', "\xff"])
def test_a_folder_of_somebody_else(source: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_bytes(content.encode("latin-1"))

    with pytest.raises(OutputError, match="out exists and holds something else"):
        packed(source, tmp_path / "out")

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["manifest.json"]


def test_a_file_instead_of_a_folder(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")

    with pytest.raises(OutputError, match="out exists and holds something else"):
        packed(source, tmp_path / "out")

    assert (tmp_path / "out").read_text() == "mine"


def test_the_input_itself(source: Path) -> None:
    before = times(source)

    with pytest.raises(OutputError, match="in exists and holds something else"):
        packed(source, source)

    assert times(source) == before


def test_inside_the_input(source: Path) -> None:
    packed(source, source / "packed")

    assert_all_there(source, source / "packed")


def test_an_empty_folder_is_filled(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    packed(source, tmp_path / "out")

    assert_all_there(source, tmp_path / "out")


def test_folders_above_it_are_made(source: Path, tmp_path: Path) -> None:
    packed(source, tmp_path / "new" / "newer" / "out")

    assert_all_there(source, tmp_path / "new" / "newer" / "out")


def test_a_link_to_a_folder_elsewhere(source: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk" / "packed")

    packed(source, tmp_path / "out")

    assert (tmp_path / "out").is_symlink()
    assert_all_there(source, tmp_path / "disk" / "packed")


def test_a_relative_path_that_ends_above(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out" / "below").mkdir(parents=True)
    (tmp_path / "out" / "below").rmdir()
    monkeypatch.chdir(tmp_path / "out")

    packed(source, Path())

    assert_all_there(source, tmp_path / "out")


def test_a_file_on_its_path(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(OutputError, match="cannot write") as error:
        packed(source, tmp_path / "file" / "out")

    assert "choose another output" in error.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_writable(source: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked").chmod(0o555)

    with pytest.raises(OutputError, match=r"cannot write .*Permission denied") as error:
        packed(source, tmp_path / "locked" / "out")

    assert "make the folder writable" in error.value.hint


def test_a_finished_folder_that_lost_a_shard(source: Path, tmp_path: Path) -> None:
    packed(source, tmp_path / "out")
    oracle.shards(tmp_path / "out")[1].unlink()

    with pytest.raises(OutputError, match=r"lacks packed_training_0001.hdf5") as error:
        packed(source, tmp_path / "out")

    assert error.value.hint == "remove it and pack again"


def test_what_was_left_beside_a_finished_folder_goes(source: Path, tmp_path: Path) -> None:
    """As after a kill in the very last moment."""
    packed(source, tmp_path / "out")
    (tmp_path / "out.partial" / "rows").mkdir(parents=True)

    assert not packed(source, tmp_path / "out").fresh
    assert not (tmp_path / "out.partial").exists()


def test_input_that_changes_while_it_is_packed(source: Path, tmp_path: Path) -> None:
    def touch(phase: str, done: int, total: int) -> None:
        if phase == "writing":
            os.utime(oracle.shards(source)[0], ns=(1, 1))

    with pytest.raises(UsageError, match="in: was changed while it was packed"):
        packed(source, tmp_path / "out", progress=touch)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


@pytest.mark.parametrize(("options", "what"), [({"per_row": 0}, "0 sequences"), ({"shards": -1}, "-1 shards")])
def test_numbers_that_ask_for_nothing(source: Path, tmp_path: Path, options: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        packed(source, tmp_path / "out", **options)


def test_one_process_at_a_time(source: Path, tmp_path: Path) -> None:
    def again(phase: str, done: int, total: int) -> None:
        with pytest.raises(OutputError) as error:
            packed(source, tmp_path / "out")
        refused.append(error.value.message)

    refused: list[str] = []
    packed(source, tmp_path / "out", progress=again)

    assert refused
    assert all("out.partial is in use by another process" in message for message in refused)
    assert_all_there(source, tmp_path / "out")


def test_the_lock_of_a_folder_that_is_being_taken_away(tmp_path: Path) -> None:
    """Who comes while another one ends works in a folder that is still there."""
    first, second = Partial(tmp_path / "out"), Partial(tmp_path / "out")
    with first.locked():
        first.write("plan.json", [1])
        first.discard()
        with second.locked():
            assert second.read("plan.json") is None
            with pytest.raises(OutputError, match="in use"), Partial(tmp_path / "out").locked():
                pass
            second.discard()
    assert not list(tmp_path.iterdir())


def test_a_folder_taken_away_between_opening_and_locking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock of a file that nobody else can see any more would keep nobody out."""
    flock = fcntl.flock
    partial = Partial(tmp_path / "out")

    def late(file: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        shutil.rmtree(partial.folder)
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with partial.locked(), pytest.raises(OutputError, match="in use"), Partial(tmp_path / "out").locked():
        pass


def test_nothing_is_said_of_time(source: Path, tmp_path: Path) -> None:
    """The manifest of equal work is equal: it names no seconds, dates, hosts or absolute paths."""
    packed(source, tmp_path / "out")

    text = (tmp_path / "out" / "manifest.json").read_text()
    assert str(tmp_path) not in text
    assert "seconds" not in json.loads(text)["plan"]
