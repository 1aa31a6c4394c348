"""A migration that is killed at any moment, and run again, ends as one that was left alone."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from migrator.errors import OutputError
from migrator.repo.workspace import Workspace
from tests.repo import workspace_stages
from tests.repo.workspace_stages import STAGES, git, migrate, snapshot

ROOT = Path(__file__).parents[2]
READING = {"git status", "git for-each-ref", "git ls-tree", "git cat-file"}
KILLED = 137


class DieAt:
    """A checkpoint that ends the process before the step with this number, without any clean-up."""

    def __init__(self, number: int) -> None:
        self.number, self.seen = number, 0

    def __call__(self, step: str) -> None:
        self.seen += step not in READING
        if self.seen == self.number:
            os._exit(KILLED)


def dies(output: Path, number: int, last: str) -> bool:
    """Migrate in a process of its own that dies before step `number`; False when it ends before that."""
    child = os.fork()
    if child == 0:
        try:
            migrate(output, last=last, checkpoint=DieAt(number))
        except BaseException:
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, KILLED)
    return code == KILLED


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Outputs that were left alone, by their last stage."""
    folder = tmp_path_factory.mktemp("made")
    for last in STAGES:
        migrate(folder / last, last=last)
    return {last: folder / last for last in STAGES}


def whole_stages(output: Path) -> list[str]:
    """The stages that a reader sees, each of them read whole."""
    workspace = Workspace.open(output, create=True)
    names = [stage.name for stage in workspace.stages()]
    for name in names:
        assert workspace.read_tree(name) == STAGES[name]
        assert workspace.records(name)
    return names


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_at_each_step_of_the_first_stage(made: dict[str, Path], tmp_path: Path) -> None:
    number, expected = 0, snapshot(made["upstream"])
    while dies(tmp_path / f"{number + 1}", (number := number + 1), "upstream"):
        out = tmp_path / f"{number}"
        assert whole_stages(out) in ([], ["upstream"])
        migrate(out, last="upstream")
        assert snapshot(out) == expected, number
        shutil.rmtree(out)
    assert number > 30


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_at_each_step_of_a_later_stage(made: dict[str, Path], tmp_path: Path) -> None:
    number, more, expected = 0, True, snapshot(made["minimal"])
    while more:
        number += 1
        out = Path(shutil.copytree(made["upstream"], tmp_path / f"{number}", symlinks=True))
        more = dies(out, number, "minimal")
        assert whole_stages(out) in (["upstream"], ["upstream", "minimal"])
        migrate(out, last="minimal")
        assert snapshot(out) == expected, number
        shutil.rmtree(out)
    assert number > 30


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_again_at_each_step_of_the_recovery(made: dict[str, Path], tmp_path: Path) -> None:
    half = Path(shutil.copytree(made["upstream"], tmp_path / "half", symlinks=True))
    number = 0
    while not (half / ".git" / "migrate" / "journal.json").exists():
        number += 1
        dies(half, number, "minimal")
    out = Path(shutil.copytree(half, tmp_path / "out", symlinks=True))
    step = 0
    while dies(out, (step := step + 1), "minimal"):
        assert whole_stages(out) in (["upstream"], ["upstream", "minimal"])
    assert snapshot(out) == snapshot(made["minimal"])


@pytest.mark.parametrize("group", [False, True], ids=["the process", "it and its git"])
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_moments_until_it_gets_through(
    made: dict[str, Path], tmp_path: Path, seed: int, group: bool
) -> None:
    delays, kills = random.Random(seed), 0
    command = [sys.executable, workspace_stages.__file__, str(tmp_path / "out")]
    while True:
        with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True) as process:
            wait_for_begin(tmp_path / "out", process)
            time.sleep(delays.uniform(0, 0.02 * (1 + kills)))
            if process.poll() is None and group:
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
        done = whole_stages(tmp_path / "out")
        assert done == list(STAGES)[: len(done)]
        if process.returncode == 0 and kills:
            break
        if process.returncode == 0:  # a busy machine woke this test too late to kill anything: once more
            shutil.rmtree(tmp_path / "out")
            continue
        assert process.returncode == -signal.SIGKILL
        kills += 1
    assert snapshot(tmp_path / "out") == snapshot(made["performance"])


def wait_for_begin(output: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the process, whose start takes far longer than a stage, is at work."""
    lock = output / ".git" / "migrate" / "lock"
    while process.poll() is None:
        if lock.exists() and lock.read_bytes().split() == [str(process.pid).encode()]:
            return
        time.sleep(0.001)


def test_leftovers_of_a_killed_git_are_removed(made: dict[str, Path], tmp_path: Path) -> None:
    out = Path(shutil.copytree(made["minimal"], tmp_path / "out", symlinks=True))
    git_dir = out / ".git"
    for path in ("objects/pack/tmp_pack_x", "objects/pack/tmp_idx_x", "fast_import_crash_1", "migrate/packed.jsonl"):
        (git_dir / path).write_text("half")
    guard = git_dir / "objects" / "pack" / f"pack-{'1' * 40}.keep"
    guard.write_text("fast-import\n")
    half_written = guard.with_name(f"pack-{'3' * 40}.keep")
    half_written.touch()
    (git_dir / "packed-refs.lock").touch()
    (git_dir / "migrate" / "incoming").mkdir()
    (git_dir / "migrate" / "lock").write_text("4194305")  # no process has this pid
    migrate(out, last="minimal")
    assert not guard.exists()
    assert not half_written.exists()
    assert snapshot(out) == snapshot(made["minimal"])


def test_a_pack_that_the_user_keeps_stays_kept(made: dict[str, Path], tmp_path: Path) -> None:
    out = Path(shutil.copytree(made["minimal"], tmp_path / "out", symlinks=True))
    packs = out / ".git" / "objects" / "pack"
    kept, empty = packs / f"pack-{'2' * 40}.keep", next(packs.glob("*.pack")).with_suffix(".keep")
    kept.write_text("mine\n")
    empty.touch()
    (out / ".git" / "migrate" / "lock").write_text("4194305")  # no process has this pid
    migrate(out, last="minimal")
    assert kept.read_text() == "mine\n"
    assert empty.exists()


def test_a_lock_of_the_users_git_is_not_removed_when_no_migrate_was_killed(
    made: dict[str, Path], tmp_path: Path
) -> None:
    out = Path(shutil.copytree(made["minimal"], tmp_path / "out", symlinks=True))
    (out / ".git" / "index.lock").touch()
    for _ in range(2):
        with pytest.raises(OutputError, match="another git is at work") as caught:
            migrate(out, last="packed")
        assert str(out / ".git" / "index.lock") in caught.value.message
    (out / ".git" / "index.lock").unlink()
    assert snapshot(out) == snapshot(made["minimal"])


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_file_that_was_changed_in_a_half_made_stage_is_not_lost(made: dict[str, Path], tmp_path: Path) -> None:
    out = Path(shutil.copytree(made["upstream"], tmp_path / "out", symlinks=True))
    number = 0
    while not (out / ".git" / "migrate" / "journal.json").exists():
        number += 1
        assert dies(out, number, "minimal")
    with pytest.raises(OutputError, match="'minimal' is only half in place"):
        Workspace.open(out).check_unchanged()
    (out / "train.py").write_text("mine")
    with pytest.raises(OutputError, match=r"did not write: train\.py"):
        migrate(out)
    assert (out / "train.py").read_text() == "mine"
    git(out, "checkout", "train.py")
    migrate(out, last="minimal")
    assert snapshot(out) == snapshot(made["minimal"])


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_half_made_stage_waits_for_its_branch(made: dict[str, Path], tmp_path: Path) -> None:
    out = Path(shutil.copytree(made["upstream"], tmp_path / "out", symlinks=True))
    number = 0
    while not (out / ".git" / "migrate" / "journal.json").exists():
        number += 1
        assert dies(out, number, "minimal")
    git(out, "checkout", "-qb", "mine")
    with pytest.raises(OutputError, match="branch 'mine' checked out"):
        migrate(out)
    git(out, "checkout", "-q", "main")
    migrate(out, last="minimal")
    assert snapshot(out)["files"] == snapshot(made["minimal"])["files"]
    assert git(out, "rev-parse", "main", "minimal") == git(made["minimal"], "rev-parse", "main", "minimal")
    assert git(out, "rev-parse", "mine") == git(out, "rev-parse", "upstream")
