"""The ported pre-training comes to an end: with little data, and when it is asked to by SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest

from migrator.emulator.preconditions.real_installation import FACADE
from tests.upstream.bert_data import write_config, write_shard
from tests.upstream.pretraining import PHASE1, train
from tests.upstream.running import Ended, environment

pytestmark = pytest.mark.upstream
# What NVIDIA's dllogger has and the scripts use; like it, it makes no folder.
DLLOGGER = """
class Verbosity:
    VERBOSE = 1
StdOutBackend = lambda *args, **kwargs: None
JSONStreamBackend = lambda verbosity, filename: open(filename, "w")
def init(backends):
    print("NVIDIA's dllogger", flush=True)
def log(step, data):
    print(*step, data, flush=True)
def flush():
    pass
"""


def shards(folder: Path, *samples: int) -> Path:
    write_config(folder / "bert_config.json")
    (folder / "phase1").mkdir()
    for number, count in enumerate(samples):
        write_shard(folder / "phase1" / f"training_{number}.hdf5", samples=count, seed=number)
    return folder


@pytest.mark.parametrize("samples", [(3,), pytest.param((6, 2, 3), marks=pytest.mark.slow)])
def test_one_file_and_files_smaller_than_a_batch(bert_minimal: Path, tmp_path: Path, samples: tuple[int, ...]) -> None:
    done = train(bert_minimal, PHASE1, shards(tmp_path, *samples), tmp_path / "run", "--fp16", "--max_steps=3")
    assert len(done.losses) == 3
    assert done.checkpoint(3).exists()


@pytest.mark.slow
@pytest.mark.parametrize("samples", [(3,), (9, 2, 5)])
def test_the_same_with_two_processes(bert_minimal: Path, tmp_path: Path, samples: tuple[int, ...]) -> None:
    done = train(bert_minimal, PHASE1, shards(tmp_path, *samples), tmp_path / "run", "--max_steps=5", processes=2)
    assert len(done.losses) == 5
    assert done.checkpoint(5).exists()


def started(port: Path, folder: Path, *before: str) -> subprocess.Popen[str]:
    """A training without end, at its third step."""
    (folder / "dllogger.py").write_text(DLLOGGER)
    data = shards(folder, 40, 40)
    words = [word.format(data=data, out=folder) for word in PHASE1.split()]
    command = [sys.executable, *before, str(port / "run_pretraining.py"), *words, "--max_steps=100000"]
    process = subprocess.Popen(
        [*command, "--num_steps_per_checkpoint=100000", "--disable_progress_bar"],
        cwd=folder,
        env=environment(PYTHONPATH=os.pathsep.join(map(str, [FACADE, folder] if not before else [folder]))),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a background job ignores it
    )
    assert process.stdout is not None
    assert any(line.startswith("0 3 ") for line in process.stdout), process.communicate(timeout=60)
    return process


def ended(process: subprocess.Popen[str]) -> Ended:
    try:
        return Ended(*process.communicate(timeout=60))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_sigterm_to_all_processes_of_a_job_saves_and_ends(bert_minimal: Path, tmp_path: Path) -> None:
    process = started(bert_minimal, tmp_path)
    os.killpg(process.pid, signal.SIGTERM)  # also the workers that read data get it
    end = ended(process)
    assert (process.returncode, end.err.count("Traceback")) == (0, 0), end.err
    assert "final_loss" in end.out
    assert list((tmp_path / "results" / "checkpoints").glob("ckpt_*.pt"))
    assert (tmp_path / "log" / "dllogger.json").exists()


@pytest.mark.slow
def test_sigterm_under_migrate_run(bert_minimal: Path, tmp_path: Path) -> None:
    process = started(bert_minimal, tmp_path, "-m", "migrator", "run", "--device", "emulated", "--")
    process.send_signal(signal.SIGTERM)
    end = ended(process)
    assert process.returncode == 130
    assert "the trainer ended with exit code 0, and nothing of it is left running" in end.err
    assert list((tmp_path / "results" / "checkpoints").glob("ckpt_*.pt"))


@pytest.mark.slow
def test_nothing_outlives_a_trainer_that_fails(bert_minimal: Path, tmp_path: Path) -> None:
    """Python ends workers by SIGTERM then, and waits for them."""
    process = started(bert_minimal, tmp_path)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    end = ended(process)
    assert process.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in end.err
    assert workers
    assert not psutil.wait_procs(workers, timeout=30)[1]
