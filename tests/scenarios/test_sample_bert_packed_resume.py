"""Packed training goes on in the middle of a shard, whatever ended it, and from checkpoints of the stages before."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from tests.scenarios.packed_rows import first_fit, pack, write_shard
from tests.scenarios.packed_stage import (
    MASKED,
    ROW,
    STEPS,
    apply_packed,
    log_lines,
    options,
    run_trainer,
    train,
    upstream_tree,
    write_tree,
)
from tests.scenarios.running import Migrate

torch = pytest.importorskip("torch", reason="torch is not installed")

BATCH = ("--train_batch_size", 12, "--gradient_accumulation_steps", 4, "--num_steps_per_checkpoint", 4)
# The run dies two updates after a checkpoint; whatever reads ahead has gone further.
DIES = """
import os, signal
import run_pretraining

take_step, made = run_pretraining.take_optimizer_step, []

def take_step_and_die(*args):
    take_step(*args)
    made.append(1)
    if len(made) == 6:
        os.kill(os.getpid(), signal.SIGKILL)

run_pretraining.take_optimizer_step = take_step_and_die
run_pretraining.main()
"""
Run = Callable[..., int]  # run(script, data, output, *options) -> exit code


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CUDA trainer at stage packed."""
    return write_tree(apply_packed("upstream")[1].tree, tmp_path_factory.mktemp("packed"))


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tree(upstream_tree(), tmp_path_factory.mktemp("upstream"))


@pytest.fixture(scope="module")
def data(upstream: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of two shards with the same sequences, `unpacked` and `packed`."""
    root = tmp_path_factory.mktemp("data")
    made = ("--output_dir", root / "unpacked", "--shards", 2, "--samples", 36, "--seq_len", ROW, "--max_pred", MASKED)
    subprocess.run([sys.executable, upstream / "make_synthetic_data.py", *map(str, made)], check=True)
    for path in sorted((root / "unpacked").iterdir()):
        with h5py.File(path) as file:
            arrays = {name: array[:] for name, array in file.items()}
        rows = first_fit([int(n) for n in arrays["input_mask"].sum(axis=1)], ROW, 4)
        write_shard(root / "packed" / path.name, pack(arrays, rows, 4))
    return root


@pytest.fixture
def on_cpu(folder: Path) -> Run:
    (folder / "dies.py").write_text(DIES)

    def run(script: str, data: Path, output: Path, *more: object) -> int:
        done = run_trainer(folder, options(folder, data, output, *more), script)
        print(done.stderr)  # noqa: T201 - shown where the test fails
        return done.returncode

    return run


@pytest.fixture
def on_the_emulated_device(migrate: Migrate, tmp_path: Path) -> Run:
    ported = write_tree(apply_packed("minimal")[1].tree, tmp_path / "ported")
    (ported / "dies.py").write_text(DIES)
    migrate = migrate.with_variables(OMP_NUM_THREADS="1")

    def run(script: str, data: Path, output: Path, *more: object) -> int:
        words = ("run", "--device", "emulated", script, *options(ported, data, output, "--amp", *more))
        done = migrate(ported, *words)
        print(done.err)  # noqa: T201
        return done.code

    return run


def rows_in(data: Path) -> list[int]:
    counts = []
    for path in sorted(data.iterdir()):
        with h5py.File(path) as file:
            counts.append(len(file["input_ids"]))
    return counts


def losses(output: Path) -> dict[int, float]:
    return {line["step"]: line["loss"] for line in log_lines(output)}


def saved(output: Path, step: int) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(output / f"ckpt_{step}.pt", weights_only=True, map_location="cpu")
    return checkpoint


@pytest.mark.parametrize(
    ("device", "form"),
    [
        ("on_cpu", "packed"),
        ("on_cpu", "unpacked"),
        pytest.param("on_the_emulated_device", "packed", marks=pytest.mark.slow),
    ],
)
def test_a_killed_run_goes_on_in_the_middle_of_a_shard(
    device: str, form: str, data: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    run: Run = request.getfixturevalue(device)
    assert run("run_pretraining.py", data / form, tmp_path / "whole", *BATCH) == 0
    assert list(losses(tmp_path / "whole")) == list(range(1, STEPS + 1))

    assert run("dies.py", data / form, tmp_path / "killed", *BATCH) != 0
    assert sorted(path.name for path in (tmp_path / "killed").iterdir()) == ["ckpt_4.pt"]
    checkpoint = saved(tmp_path / "killed", 4)
    sizes = rows_in(data / form)
    assert checkpoint["loader"]["rows"] not in {0, sizes[0], sizes[1], sum(sizes)}
    assert checkpoint["loader"]["rows"] == 3 * checkpoint["batch"]

    (tmp_path / "killed.jsonl").unlink()
    assert run("run_pretraining.py", data / form, tmp_path / "killed", *BATCH, "--resume_from_checkpoint") == 0
    assert losses(tmp_path / "killed") == {s: x for s, x in losses(tmp_path / "whole").items() if s > 4}
    assert saved(tmp_path / "killed", STEPS)["loader"] == saved(tmp_path / "whole", STEPS)["loader"]


def resumed(folder: Path, data: Path, output: Path, checkpoint: Path, *more: object) -> tuple[dict[int, float], str]:
    """Go on from one checkpoint; the losses and the log."""
    output.mkdir()
    shutil.copy(checkpoint, output)
    _, log = train(folder, data, output, *BATCH, "--resume_from_checkpoint", *more)
    return losses(output), log


def test_a_checkpoint_of_the_stage_before_goes_on(folder: Path, upstream: Path, data: Path, tmp_path: Path) -> None:
    train(upstream, data / "unpacked", tmp_path / "before", *BATCH)
    checkpoint = tmp_path / "before" / "ckpt_4.pt"
    assert "loader" not in saved(tmp_path / "before", 4)
    rest = {step: loss for step, loss in losses(tmp_path / "before").items() if step > 4}

    same, log = resumed(folder, data / "unpacked", tmp_path / "same", checkpoint)
    assert same == rest
    assert "anew" not in log
    packed, log = resumed(folder, data / "packed", tmp_path / "packed", checkpoint)
    assert list(packed) == list(rest)
    assert "the checkpoint has no position in packed shards: epoch 0 starts anew" in log
    # a position of unpacked shards is none of packed ones either
    train(folder, data / "unpacked", tmp_path / "after", *BATCH)
    packed_later, log = resumed(folder, data / "packed", tmp_path / "later", tmp_path / "after" / "ckpt_4.pt")
    assert packed_later == packed
    assert "the position is one in other shards than those at hand: epoch 0 starts anew" in log


def test_the_stage_before_goes_on_from_a_checkpoint(folder: Path, upstream: Path, data: Path, tmp_path: Path) -> None:
    train(folder, data / "unpacked", tmp_path / "after", *BATCH)
    rest = {step: loss for step, loss in losses(tmp_path / "after").items() if step > 4}
    assert resumed(upstream, data / "unpacked", tmp_path / "back", tmp_path / "after" / "ckpt_4.pt")[0] == rest


@pytest.mark.slow
def test_two_processes_share_the_rows_that_one_has_left(folder: Path, data: Path, tmp_path: Path) -> None:
    train(folder, data / "packed", tmp_path / "one", *BATCH)
    checkpoint = saved(tmp_path / "one", 4)
    (tmp_path / "two").mkdir()
    shutil.copy(tmp_path / "one" / "ckpt_4.pt", tmp_path / "two")
    given = (*BATCH, "--resume_from_checkpoint", "--max_steps", 5, "--num_steps_per_checkpoint", 1)
    lines, _ = train(folder, data / "packed", tmp_path / "two", *given, cards=2)
    assert [line["step"] for line in lines] == [5]
    steps = checkpoint["batch"] // 4  # micro-batches of an update
    later = saved(tmp_path / "two", 5)
    assert later["loader"] == {**checkpoint["loader"], "rows": checkpoint["loader"]["rows"] + 2 * 3 * steps}


@pytest.mark.slow
def test_a_process_without_rows_does_not_lower_the_mean_loss(folder: Path, data: Path, tmp_path: Path) -> None:
    with h5py.File(data / "unpacked" / "part-00000.hdf5") as file:
        write_shard(tmp_path / "three" / "part.hdf5", {name: array[:3] for name, array in file.items()})
    given = ("--train_batch_size", 1, "--max_steps", 2, "--learning_rate", 0)
    lines, _ = train(folder, tmp_path / "three", tmp_path / "two", *given, cards=2)
    order = torch.randperm(3, generator=torch.Generator().manual_seed(42)).tolist()
    alone = []
    for row in order:
        with h5py.File(data / "unpacked" / "part-00000.hdf5") as file:
            write_shard(tmp_path / f"{row}" / "part.hdf5", {name: array[[row]] for name, array in file.items()})
        alone.append(train(folder, tmp_path / f"{row}", tmp_path / f"result-{row}", *given)[0][0]["loss"])
    assert [line["loss"] for line in lines] == pytest.approx([sum(alone[:2]) / 2, alone[2]], rel=1e-5)
