"""One process at a time in an output, and none for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from migrator.errors import ExitCode, OutputError
from migrator.repo.lock import hold_lock
from migrator.repo.workspace import Workspace
from tests.repo.workspace_stages import migrate

ROOT = Path(__file__).parents[2]
HOLD = """
import subprocess, sys
from pathlib import Path
from migrator.repo.lock import hold_lock
with hold_lock(Path(sys.argv[1])) as lock:
    if len(sys.argv) > 2:
        subprocess.Popen(["sleep", sys.argv[2]], pass_fds=(lock.descriptor,), stdout=subprocess.DEVNULL)
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(output: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLD, str(output), *args]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("begun", [False, True])
def test_a_second_process_is_refused_at_once_and_told_who_holds_it(tmp_path: Path, begun: bool) -> None:
    out = tmp_path / "out"
    if begun:
        migrate(out, last="upstream")
    with holder(out) as process:
        start = time.monotonic()
        with pytest.raises(OutputError) as caught:
            migrate(out)
        assert time.monotonic() - start < 3
    assert caught.value.message == f"the output {out} is in use by process {process.pid}"
    assert caught.value.exit_code is ExitCode.USAGE
    assert "-o" in caught.value.hint


def test_the_same_process_is_refused_too(tmp_path: Path) -> None:
    migrate(tmp_path, last="upstream")
    workspace = Workspace.open(tmp_path)
    with workspace.locked(), pytest.raises(OutputError, match=f"process {os.getpid()}$"), workspace.locked():
        pass


def test_reading_needs_no_lock(tmp_path: Path) -> None:
    migrate(tmp_path, last="upstream")
    with holder(tmp_path):
        assert [stage.name for stage in Workspace.open(tmp_path).stages()] == ["upstream"]


def test_the_lock_ends_with_a_killed_holder(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with hold_lock(tmp_path) as lock:
            assert lock.abandoned
    with hold_lock(tmp_path) as lock:
        assert not lock.abandoned


def test_a_git_that_outlives_its_killed_parent_is_waited_for(tmp_path: Path) -> None:
    with holder(tmp_path, "1") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        start = time.monotonic()
        with hold_lock(tmp_path):
            assert time.monotonic() - start > 0.1


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_worker_does_not_keep_the_lock(tmp_path: Path) -> None:
    with hold_lock(tmp_path):
        worker = os.fork()
        if worker == 0:
            time.sleep(30)
            os._exit(0)
    try:
        with hold_lock(tmp_path):
            assert os.waitpid(worker, os.WNOHANG) == (0, 0)  # it still runs
    finally:
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)


def test_a_failure_in_the_block_has_the_next_holder_look_for_leftovers(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), hold_lock(tmp_path):
        raise RuntimeError
    with hold_lock(tmp_path) as lock:
        assert lock.abandoned
