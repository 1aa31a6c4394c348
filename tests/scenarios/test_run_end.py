"""However a run ends, nothing of it is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios.running import Migrate
from tests.scenarios.trainers import PRELUDE, Trainers, runs, wait_until

WAITS = PRELUDE + 'note("trainer")\ntime.sleep(600)\n'
# Children in the trainer's session, in their own, orphaned in their own, and one that will not go when asked.
FAMILY = (
    PRELUDE
    + """
spawn("near")
spawn("far", start_new_session=True)
spawn("stubborn", "for n in (2, 15, 1): signal.signal(n, signal.SIG_IGN)", start_new_session=True)
lone = f"[sys.executable, '-c', {waiting('lone')!r}], start_new_session=True"
subprocess.run([sys.executable, "-c", f"import subprocess, sys; subprocess.Popen({lone})"])
while not all(map(os.path.exists, ("near", "far", "stubborn", "lone"))):
    time.sleep(0.01)
"""
)
NAMES = ("near", "far", "stubborn", "lone")


@pytest.fixture
def trainers(migrate: Migrate, tmp_path: Path) -> Trainers:
    return Trainers(migrate, tmp_path)


def end(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reaches_the_trainer_and_is_exit_code_130(trainers: Trainers, number: signal.Signals) -> None:
    trainers.write(WAITS)
    process = trainers.start("train.py")
    pid = trainers.noted("trainer")
    process.send_signal(number)
    code, _, err = end(process)
    assert code == 130
    assert "migrate: interrupted; the trainer ended with " in err
    assert not runs(pid)


def test_a_trainer_may_finish_its_work_when_interrupted(trainers: Trainers) -> None:
    trainers.write(
        PRELUDE
        + """
try:
    note("trainer")
    time.sleep(600)
except KeyboardInterrupt:
    time.sleep(0.3)
    print("checkpoint written")
"""
    )
    process = trainers.start("train.py")
    trainers.noted("trainer")
    process.send_signal(signal.SIGINT)
    assert end(process) == (
        130,
        "checkpoint written\n",
        "migrate: interrupted; the trainer ended with exit code 0, and nothing of it is left running\n",
    )


def test_a_second_ctrl_c_kills_at_once(trainers: Trainers) -> None:
    trainers.write(
        PRELUDE
        + "def hear(*_): note('heard')\nsignal.signal(signal.SIGINT, hear)\nsignal.signal(signal.SIGTERM, hear)\n"
        "note('trainer')\nwhile True: time.sleep(0.1)\n"
    )
    process = trainers.start("train.py")
    pid = trainers.noted("trainer")
    process.send_signal(signal.SIGINT)
    trainers.noted("heard")
    assert runs(pid)
    process.send_signal(signal.SIGINT)
    code, _, err = end(process)
    assert code == 130
    assert "the trainer ended with signal SIGKILL" in err
    assert not runs(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_all_descendants_go_wherever_they_are(trainers: Trainers, number: signal.Signals) -> None:
    trainers.write(FAMILY + 'note("trainer")\ntime.sleep(600)\n')
    process = trainers.start("train.py")
    pids = [trainers.noted(name) for name in ("trainer", *NAMES)]
    assert all(map(runs, pids))
    process.send_signal(number)
    assert end(process)[0] == 130
    assert not any(map(runs, pids))


@pytest.mark.parametrize(("last", "code"), [("", 0), ("sys.exit(3)", 5), ("os.kill(os.getpid(), 9)", 5)])
def test_what_a_trainer_leaves_behind_is_ended_and_named(trainers: Trainers, last: str, code: int) -> None:
    trainers.write(FAMILY + last)
    process = trainers.start("train.py")
    found, _, err = end(process)
    pids = [trainers.noted(name) for name in NAMES]
    assert found == code
    assert not any(map(runs, pids))
    assert "migrate: ended 4 processes that the trainer left running:\n" in err
    assert all(f"\n  {pid} {sys.executable} -c " in err for pid in pids)


def test_helpers_that_go_by_themselves_are_not_named(trainers: Trainers) -> None:
    trainers.write("import subprocess\nsubprocess.Popen(['sleep', '0.3'])")
    done = trainers.run("train.py")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_when_migrate_is_killed_the_trainer_is_told(trainers: Trainers) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells a process of its parent's death")
    trainers.write(WAITS)
    process = trainers.start("train.py")
    pid = trainers.noted("trainer")
    process.kill()
    process.communicate()
    wait_until(lambda: not runs(pid))


def test_under_nohup_a_hangup_does_not_matter(trainers: Trainers) -> None:
    trainers.write(PRELUDE + 'note("trainer")\nwhile not os.path.exists("go"): time.sleep(0.01)\nprint("done")\n')
    process = subprocess.Popen(
        trainers.command("train.py"),
        cwd=trainers.folder,
        env=trainers.migrate.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # noqa: PLW1509 - the tests have one thread
    )
    trainers.noted("trainer")
    process.send_signal(signal.SIGHUP)
    (trainers.folder / "go").touch()
    assert end(process) == (0, "done\n", "")


def test_a_run_in_a_run_ends_with_it(trainers: Trainers) -> None:
    trainers.write(WAITS, "inner.py")
    trainers.write(f"import subprocess, sys\nsubprocess.run({trainers.command('inner.py')!r})\n")
    process = trainers.start("train.py")
    pid = trainers.noted("trainer")
    process.send_signal(signal.SIGINT)
    assert end(process)[0] == 130
    assert not runs(pid)


def test_other_processes_of_the_user_are_left_alone(trainers: Trainers) -> None:
    other = subprocess.Popen(["sleep", "600"], env={**os.environ, "MIGRATE_RUN_ID": "another"}, start_new_session=True)
    try:
        trainers.write("print('done')")
        assert trainers.run("train.py").out == "done\n"
        assert runs(other.pid)
    finally:
        other.kill()
        other.wait()
