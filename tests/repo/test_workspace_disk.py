"""A disk that is full, read-only or broken is told, loses nothing, and is no hindrance to a later run."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.errors import ExitCode, OutputError
from migrator.repo.workspace import Workspace
from tests.repo import workspace_stages
from tests.repo.workspace_stages import migrate, snapshot

READING = {"git status", "git for-each-ref", "git ls-tree", "git cat-file"}
ROOT = Path(__file__).parents[2]


class FailAt:
    """A checkpoint that lets the step with this number fail."""

    def __init__(self, number: int, code: int) -> None:
        self.number, self.code, self.seen = number, code, 0

    def __call__(self, step: str) -> None:
        self.seen += step not in READING
        if self.seen == self.number and step not in READING:
            raise OSError(self.code, os.strerror(self.code), step)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output with its first stage, to be copied."""
    path = tmp_path_factory.mktemp("first") / "out"
    migrate(path, last="upstream")
    return path


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What an output with two stages looks like."""
    path = tmp_path_factory.mktemp("second") / "out"
    migrate(path, last="minimal")
    return snapshot(path)


def failure(output: Path, hook: FailAt) -> OutputError | None:
    """Make the second stage; return the error that it ended with."""
    try:
        migrate(output, last="minimal", checkpoint=hook)
    except OutputError as error:
        return error
    return None


def without_objects(seen: dict[str, object]) -> dict[str, object]:
    """A snapshot but for the objects of a stage that was not decided: harmless, and the next run needs them."""
    loose = [line for line in str(seen["fsck"]).splitlines() if line.startswith("dangling commit")]
    return seen | {"fsck": str(seen["fsck"]).replace("".join(f"{line}\n" for line in loose), "")}


def test_a_full_disk_at_any_step_loses_nothing_and_is_caught_up_later(
    first: Path, second: dict[str, object], tmp_path: Path
) -> None:
    earlier = snapshot(first)
    decided = False
    for number in range(1, 200):
        out = Path(shutil.copytree(first, tmp_path / str(number), symlinks=True))
        hook = FailAt(number, errno.ENOSPC)
        error = failure(out, hook)
        if error is None:
            break
        assert str(out) in error.message
        assert "No space left on device" in error.message
        assert "free some space" in error.hint
        undecided = not (out / ".git" / "migrate" / "journal.json").exists()
        assert [stage.name for stage in Workspace.open(out).stages()][:1] == ["upstream"]
        if undecided and not decided:  # all is as before, to the last byte
            assert without_objects(snapshot(out)) == without_objects(earlier), number
        decided = decided or not undecided
        migrate(out, last="minimal")
        assert snapshot(out) == second, number
        shutil.rmtree(out)
    assert decided
    assert hook.seen == number - 1 > 20


@pytest.mark.parametrize("number", range(1, 7))
def test_a_disk_that_is_full_from_the_start_leaves_no_trace(tmp_path: Path, number: int) -> None:
    with pytest.raises(OutputError):
        migrate(tmp_path / "out", checkpoint=FailAt(number, errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.EDQUOT, "free some space"),
        (errno.EROFS, "choose another one with -o"),
        (errno.EACCES, "choose another one with -o"),
        (errno.EIO, "check the disk"),
        (errno.EMFILE, "remove the cause"),
    ],
)
def test_each_failure_has_its_advice(first: Path, tmp_path: Path, code: int, advice: str) -> None:
    out = Path(shutil.copytree(first, tmp_path / "out", symlinks=True))
    with pytest.raises(OutputError) as caught:
        migrate(out, checkpoint=FailAt(3, code))
    assert os.strerror(code) in caught.value.message
    assert advice in caught.value.hint
    assert caught.value.exit_code is ExitCode.USAGE


def limited(output: Path, limit: int) -> subprocess.CompletedProcess[str]:
    """Migrate in a process that may write no file longer than `limit` bytes."""
    return subprocess.run(
        [sys.executable, workspace_stages.__file__, str(output)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_limit_on_file_sizes_stops_the_stage_that_meets_it(tmp_path: Path) -> None:
    stopped = limited(tmp_path / "out", 30_000)  # the third stage has a larger file
    assert stopped.returncode == 1
    assert stopped.stderr.startswith(f"cannot use the output {tmp_path / 'out'}: File too large\n")
    assert "ulimit -f" in stopped.stderr
    migrate(tmp_path / "two", last="minimal")
    assert snapshot(tmp_path / "out") == snapshot(tmp_path / "two")
    assert limited(tmp_path / "out", 1_000_000).returncode == 0
    migrate(tmp_path / "two")
    assert snapshot(tmp_path / "out") == snapshot(tmp_path / "two")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 256 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs root and the right to mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full(small_disk: Path, tmp_path: Path) -> None:
    out, ballast = small_disk / "out", small_disk / "ballast"
    migrate(out, last="minimal")
    before = snapshot(out)
    room = shutil.disk_usage(small_disk).free
    ballast.write_bytes(b"x" * (room - 20_000))
    with pytest.raises(OutputError, match="No space left on device") as caught:
        migrate(out)
    assert "free some space" in caught.value.hint
    assert snapshot(out) == before
    ballast.unlink()
    migrate(out)
    migrate(tmp_path / "reference")
    assert snapshot(out) == snapshot(tmp_path / "reference")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write where the mode forbids it")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    with pytest.raises(OutputError, match="Permission denied") as caught:
        migrate(tmp_path / "closed" / "out")
    assert "-o" in caught.value.hint


def test_a_file_where_a_folder_must_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match=str(tmp_path / "file" / "out")):
        migrate(tmp_path / "file" / "out")
    assert (tmp_path / "file").read_text() == "mine"
