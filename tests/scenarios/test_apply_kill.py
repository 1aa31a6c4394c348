"""`migrate apply` killed or interrupted at any moment, and run again, ends as if it had been left alone."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.scenarios.running import Migrate, commits, contents, sane


@pytest.fixture(scope="module")
def seconds(tmp_path_factory: pytest.TempPathFactory, levels: tuple[str, ...]) -> float:
    """How long a whole run takes here."""
    migrate, start = Migrate(tmp_path_factory.mktemp("home")), time.monotonic()
    assert migrate(tmp_path_factory.mktemp("timed"), "apply", "sample-bert", "--level", levels[-1]).code == 0
    return time.monotonic() - start


def stop_after(delay: float, process: subprocess.Popen[bytes], number: signal.Signals) -> tuple[int, str, str]:
    """Send the signal to the process and its children, unless it has ended by then."""
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


def kill_and_continue(
    migrate: Migrate, folder: Path, levels: tuple[str, ...], seconds: float, moments: int, left_alone: Path
) -> None:
    """Kill as many runs at moments spread over their duration, each in a folder of its own, and run each again."""
    seed = int(os.environ.get("MIGRATE_TEST_SEED") or random.randrange(10**6))
    print(f"MIGRATE_TEST_SEED={seed}")  # noqa: T201 - shown when the test fails, to repeat it
    chance, killed, runs = random.Random(seed), 0, 0
    while killed < moments:
        runs += 1
        assert runs < 3 * moments, "the runs end before they can be killed"
        place = folder / f"{runs}"
        place.mkdir()
        arguments = ("apply", "sample-bert", "--level", levels[-1], "-o", "out")
        delay = seconds * (killed + chance.random()) / moments
        code, _, _ = stop_after(delay, migrate.start(place, *arguments), signal.SIGKILL)
        assert code in (0, -signal.SIGKILL)
        killed, seconds = (killed, min(seconds, delay)) if code == 0 else (killed + 1, seconds)
        again = migrate(place, *arguments)
        assert again.code == 0, (delay, again.err)
        assert commits(place / "out") == commits(left_alone), delay
        assert [path.name for path in place.iterdir()] == ["out"]
        sane(place / "out")


@pytest.mark.parametrize("moments", [10, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_random_moments(
    migrate: Migrate, tmp_path: Path, levels: tuple[str, ...], seconds: float, sample_made: Path, moments: int
) -> None:
    kill_and_continue(migrate, tmp_path, levels, seconds, moments, sample_made)


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    while not path.exists():
        assert process.poll() is None, f"ended before there was {path}"
        time.sleep(0.001)


@pytest.mark.parametrize("awaited", [".git/migrate/lock", ".git/migrate/state.json", ".git/migrate/minimal.jsonl"])
def test_interrupted_it_says_so_in_one_line_and_continues_the_next_time(
    migrate: Migrate, tmp_path: Path, levels: tuple[str, ...], sample_made: Path, awaited: str
) -> None:
    arguments = ("apply", "sample-bert", "--level", levels[-1], "-o", "out")
    process = migrate.start(tmp_path, *arguments)
    wait_for(tmp_path / "out" / awaited, process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert (out, err) == (b"", b"migrate: interrupted; run the same command again to continue\n")
    assert migrate(tmp_path, *arguments).code == 0
    assert commits(tmp_path / "out") == commits(sample_made)
    sane(tmp_path / "out")


def test_two_at_once_one_works_and_the_other_waits_or_names_it(
    migrate: Migrate, tmp_path: Path, levels: tuple[str, ...], sample_made: Path
) -> None:
    arguments = ("apply", "sample-bert", "--level", levels[-1], "-o", "out")
    both = [migrate.start(tmp_path, *arguments) for _ in range(2)]
    ends = [(process.pid, *process.communicate(timeout=60), process.returncode) for process in both]
    assert sorted(code for *_, code in ends)[0] == 0
    for (pid, _, err, code), (other, *_) in zip(ends, ends[::-1], strict=True):
        if code != 0:
            assert code == 2
            assert re.search(rf"the output \S*/out is in use by process {other}\n", err.decode()), (pid, err)
            assert "choose another output with -o" in err.decode()
    assert commits(tmp_path / "out") == commits(sample_made)
    sane(tmp_path / "out")


def test_a_held_output_is_refused_at_once_and_stays_as_it_is(
    migrate: Migrate, tmp_path: Path, levels: tuple[str, ...]
) -> None:
    arguments = ("apply", "sample-bert", "--level", levels[-1], "-o", "out")
    holder = migrate.start(tmp_path, *arguments)
    try:
        wait_for(tmp_path / "out" / ".git" / "migrate" / "state.json", holder)
        os.kill(holder.pid, signal.SIGSTOP)
        before = contents(tmp_path)
        done = migrate(tmp_path, *arguments)
        assert done.code == 2
        assert f"is in use by process {holder.pid}" in done.err
        assert contents(tmp_path) == before
    finally:
        os.kill(holder.pid, signal.SIGCONT)
        holder.communicate(timeout=60)
    assert holder.returncode == 0
    sane(tmp_path / "out")
