"""Checkpoints of the ported pre-training: as the upstream's, readable by it, and good to go on from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.upstream.parity import on_upstream
from tests.upstream.pretraining import PHASE1, Trained, train, write_data

pytestmark = pytest.mark.upstream
KEYS = ["data_loader", "epoch", "files", "master params", "model", "optimizer"]
SIZES = ("--max_steps=6", "--num_steps_per_checkpoint=2")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All samples are the same: neither the upstream nor the port keeps the order of samples in a checkpoint."""
    return write_data(tmp_path_factory.mktemp("data"), distinct=1)


@pytest.fixture(scope="module")
def trained(bert_minimal: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(bert_minimal, PHASE1, data, tmp_path_factory.mktemp("run"), *SIZES, "--fp16")


def test_the_upstream_reads_them(trained: Trained, bert_upstream: Path, data: Path) -> None:
    config, checkpoints = data / "bert_config.json", [trained.checkpoint(step) for step in (2, 6)]
    middle, end = json.loads(on_upstream("load", bert_upstream, config, *checkpoints))
    read = {"keys": KEYS, "masters": True, "moments": True, "devices": ["cpu"], "dtypes": ["torch.float32"]}
    # 3 micro batches of 4 in each shard, of which an epoch takes 3: step 2 ends in the second, step 6 in the next epoch
    shapes = [[4, 32], [4, 32], [4, 32], [4, 32], [4]]
    assert middle == {**read, "step": [2, 2], "batches": [shapes] * 3, "files": [2, 4], "epoch": 0}
    assert end == {**read, "step": [6, 6], "batches": None, "files": [1, 4], "epoch": 1}


def gone_on(port: Path, data: Path, whole: Trained, out: Path, step: int, *options: str) -> Trained:
    """A run that goes on from a checkpoint of another."""
    (out / "results" / "checkpoints").mkdir(parents=True)
    shutil.copy(whole.checkpoint(step), out / "results" / "checkpoints")
    return train(port, PHASE1, data, out, *SIZES, "--resume_from_checkpoint", *options)


def same(found: Trained, whole: Trained, step: int) -> bool:
    """Whether losses, learning rates and weights after `step` are those of the uninterrupted run, to the last bit."""
    torch = pytest.importorskip("torch")
    ours, theirs = (torch.load(run.checkpoint(6), map_location="cpu", weights_only=True) for run in (found, whole))
    losses = found.losses == whole.losses[step:]
    rates = found.logged("learning_rate")[1:] == whole.logged("learning_rate")[1 + step :]
    return losses and rates and all(torch.equal(ours["model"][name], theirs["model"][name]) for name in ours["model"])


def test_a_run_goes_on_as_if_it_had_not_been_interrupted(
    trained: Trained, bert_minimal: Path, data: Path, tmp_path: Path
) -> None:
    found = gone_on(bert_minimal, data, trained, tmp_path, 2, "--fp16")
    assert "resume step from  2" in found.ended.out
    assert same(found, trained, 2)


@pytest.mark.slow
def test_the_same_in_float32(bert_minimal: Path, data: Path, tmp_path: Path) -> None:
    whole = train(bert_minimal, PHASE1, data, tmp_path / "whole", *SIZES)
    assert same(gone_on(bert_minimal, data, whole, tmp_path / "part", 4), whole, 4)


@pytest.mark.slow
def test_an_initial_checkpoint_gives_weights_and_starts_from_step_0(
    trained: Trained, bert_minimal: Path, data: Path, tmp_path: Path
) -> None:
    initial = f"--init_checkpoint={trained.checkpoint(6)}"
    found = train(bert_minimal, PHASE1, data, tmp_path, "--resume_from_checkpoint", initial, "--fp16")
    assert len(found.losses) == 4
    assert found.checkpoint(4).exists()
    assert max(found.losses) <= min(trained.losses)


@pytest.mark.slow
def test_only_the_last_three_are_kept(bert_minimal: Path, data: Path, tmp_path: Path) -> None:
    found = train(bert_minimal, PHASE1, data, tmp_path, "--max_steps=5", "--num_steps_per_checkpoint=1")
    assert {path.name for path in found.checkpoint(5).parent.iterdir()} == {f"ckpt_{n}.pt" for n in (3, 4, 5)}
