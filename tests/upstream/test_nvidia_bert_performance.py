"""nvidia-bert at stage performance: the numbers of stage minimal, with less waiting for the device."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.running import Migrate, git
from tests.upstream.conftest import BERT, applied
from tests.upstream.pretraining import PHASE1, PHASE2, Trained, train, write_data

pytestmark = pytest.mark.upstream
RELEASE = ("--release", "1.9")

# 20 steps in fp32, a log line every 5; one process, so that gradients are added up in one order
TWENTY = PHASE1.replace("max_steps=4", "max_steps=20").replace("checkpoint=2", "checkpoint=200") + " --log_freq=5"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def minimal(bert_minimal: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(bert_minimal, TWENTY, data, tmp_path_factory.mktemp("minimal"))


@pytest.fixture(scope="module")
def performance(bert_performance: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(bert_performance, TWENTY, data, tmp_path_factory.mktemp("performance"))


def test_twenty_steps_log_the_same_losses_and_learning_rates(minimal: Trained, performance: Trained) -> None:
    for metric in ("average_loss", "step_loss", "final_loss"):
        assert performance.logged(metric) == pytest.approx(minimal.logged(metric), rel=1e-5)
    assert len(minimal.logged("average_loss")) == 3
    assert performance.logged("learning_rate") == minimal.logged("learning_rate")


def test_without_the_rules_on_formulas_all_is_the_same_to_the_last_bit(
    bert_performance: Path, minimal: Trained, data: Path, tmp_path: Path
) -> None:
    port = _with_file_of(bert_performance, "packed", "modeling.py", tmp_path / "port")

    trained = train(port, TWENTY, data, tmp_path / "out")

    for metric in ("average_loss", "step_loss", "final_loss", "learning_rate"):
        assert trained.logged(metric) == minimal.logged(metric)


def _with_file_of(port: Path, stage: str, name: str, folder: Path) -> Path:
    """The port with one file as an earlier stage left it: `modeling.py` is where the two rules are at work."""
    assert _rules_of(port, name) == {"library-gelu", "library-layer-norm"}
    subprocess.run(["git", "clone", "--quiet", str(port), str(folder)], check=True)
    git(folder, "restore", f"--source={stage}", "--worktree", "--", name)
    return folder


def _rules_of(port: Path, name: str) -> set[str]:
    lines = (port / ".git" / "migrate" / "performance.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return {record["rule"] for record in records if record["record"] == "change" and record["file"] == name}


def test_the_host_reads_the_device_at_log_lines_only(bert_performance: Path, performance: Trained) -> None:
    (counted,) = performance.counted
    reads = _reads(counted)
    reads.pop(_line(bert_performance, "torch.save("))  # the checkpoint at the end
    # 3 log lines and the end: the running loss in one copy each, upstream's step_loss and the mean at the end besides
    lines = (bert_performance / "run_pretraining.py").read_text(encoding="utf-8").splitlines()
    stacked = [number for number, line in enumerate(lines, 1) if "torch.stack(" in line]
    assert [reads.pop(number) for number in stacked] == [4]
    assert sum(reads.values()) == 3 + 1
    assert all("step_loss" in lines[number - 1] or "final_loss" in lines[number - 1] for number in reads)


def _line(port: Path, text: str) -> int:
    lines = (port / "run_pretraining.py").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def _reads(counted: Mapping[str, Any]) -> dict[int, int]:
    return {
        read["line"]: read["count"] for read in counted["host_reads"] if read["file"].endswith("run_pretraining.py")
    }


def test_a_mark_after_each_backward_pass_and_each_step(minimal: Trained, performance: Trained) -> None:
    (before,), (after,) = minimal.counted, performance.counted
    own = [counted["step_marks"] - counted["library_step_marks"] for counted in (before, after)]
    assert own == [20 * (2 + 1)] * 2
    assert (before["library_step_marks"], after["library_step_marks"] > 0) == (0, True)  # FusedLamb makes its own


def test_ddp_that_exchanges_gradients_once_a_step_trains_the_same(
    bert_minimal: Path, bert_performance: Path, data: Path, tmp_path: Path
) -> None:
    """Where upstream's own all-reduce is not asked for."""
    words = PHASE1.replace("--allreduce_post_accumulation_fp16", "").replace("--allreduce_post_accumulation", "")
    one = train(bert_minimal, words, data, tmp_path / "minimal", processes=2)
    other = train(bert_performance, words, data, tmp_path / "performance", processes=2)
    assert other.losses == pytest.approx(one.losses, rel=1e-5)


@pytest.mark.usefixtures("bert_minimal")  # what it needs is there
@pytest.mark.parametrize("mode", [pytest.param("eager", marks=pytest.mark.slow), "compile"])
def test_the_published_commands_in_other_modes(mode: str, bert_migrate: Migrate, data: Path, tmp_path: Path) -> None:
    port = applied(bert_migrate, tmp_path, "performance", "--mode", mode)
    phase1 = train(port, PHASE1, data, tmp_path / "run", "--fp16", processes=2, mode=mode)
    assert len(phase1.losses) == 4
    phase2 = train(port, PHASE2, data, tmp_path / "run", "--fp16", processes=2, mode=mode)
    assert "resume step from  4" in phase2.ended.out


@pytest.mark.parametrize("mode", ["lazy", pytest.param("eager", marks=pytest.mark.slow)])
def test_the_oldest_release_trains_too(
    mode: str, bert_migrate: Migrate, minimal: Trained, data: Path, tmp_path: Path
) -> None:
    port = applied(bert_migrate, tmp_path, "performance", *RELEASE, "--mode", mode)
    trained = train(port, TWENTY, data, tmp_path / "run", mode=mode, release=RELEASE[1])
    assert trained.losses == pytest.approx(minimal.losses, rel=1e-5)
    (counted,) = trained.counted
    assert counted["step_marks"] - counted["library_step_marks"] == (20 * (2 + 1) if mode == "lazy" else 0)


def test_a_mode_that_the_oldest_release_does_not_have_is_refused(bert_migrate: Migrate, tmp_path: Path) -> None:
    done = bert_migrate(tmp_path, "apply", BERT, "--level", "performance", *RELEASE, "--mode", "compile", "-o", "out")
    assert (done.code, done.out) == (2, "")
    assert "release 1.9 does not have the mode 'compile'" in done.err
    assert not (tmp_path / "out").exists()
