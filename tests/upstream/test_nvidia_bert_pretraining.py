"""What the pre-training of nvidia-bert computes, logs and keeps, from phase 1 to the end of phase 2."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from tests.upstream.learning_rate import warm_up_and_decay
from tests.upstream.pretraining import PHASE1, PHASE2, Trained, keeps_moments, train, write_data

pytestmark = pytest.mark.upstream


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All samples of a phase are the same: the loss falls at once, and no order matters."""
    return write_data(tmp_path_factory.mktemp("data"), distinct=1)


def falls(losses: list[float]) -> bool:
    return all(math.isfinite(loss) for loss in losses) and losses == sorted(losses, reverse=True)


def test_phase_1_computes_in_bfloat16_and_marks_its_steps(bert_minimal: Path, data: Path, tmp_path: Path) -> None:
    """By two processes, with --fp16; the log's folder is not there before."""
    phase1 = train(bert_minimal, PHASE1, data, tmp_path, "--fp16", processes=2)
    trains_phase_1(phase1)
    computes_in_bfloat16_and_its_loss_in_float32(phase1)
    marks_follow_backward_passes_and_steps_before_a_value_is_read(phase1, bert_minimal / "run_pretraining.py")


def trains_phase_1(phase1: Trained) -> None:
    assert falls(phase1.losses)
    assert len(phase1.losses) == 4
    rates = [warm_up_and_decay(step, rate=6e-3, warmup=0.2843, steps=4) for step in (1, 2, 3)]
    assert phase1.logged("learning_rate")[1:] == pytest.approx(rates, rel=1e-12)
    assert phase1.logged("checkpoint_step") == [2, 4]
    assert phase1.checkpoint(2).exists()


def computes_in_bfloat16_and_its_loss_in_float32(phase1: Trained) -> None:
    torch = pytest.importorskip("torch")
    losses = torch.tensor(phase1.logged("step_loss"))
    assert not losses.equal(losses.bfloat16().float())
    graphs = [graph["change"]["after"] for graph in phase1.counted[0]["graphs"]["new"] if graph["change"]]
    assert any("bfloat16" in operator for operator in graphs)


def marks_follow_backward_passes_and_steps_before_a_value_is_read(phase1: Trained, script: Path) -> None:
    lines = dict(enumerate(script.read_text(encoding="utf-8").splitlines(), 1))
    marks = {number: lines[number - 1].strip() for number in lines if lines[number].strip() == "htcore.mark_step()"}
    assert set(marks.values()) == {"loss.backward()", "optimizer.step()"}
    after_backward = [number + 1 for number, before in marks.items() if before == "loss.backward()"]
    assert len(phase1.counted) == 2
    for counted in phase1.counted:
        # 4 steps of 2 micro batches each: a mark for each micro batch and each step, and no graph closed elsewhere
        assert counted["step_marks"] == counted["graphs"]["steps"] == 4 * (2 + 1)
        assert {graph["line"] for graph in counted["graphs"]["new"]} <= set(marks)
        assert all(graph["operators"] > 0 for graph in counted["graphs"]["new"])
        reads = {read["line"]: read["count"] for read in counted["host_reads"] if read["kind"] == "item"}
        assert [reads.get(line) for line in after_backward] == [4 * 2]


def goes_on_from_phase_1(phase1: Trained, phase2: Trained) -> None:
    torch = pytest.importorskip("torch")
    assert "resume step from  4" in phase2.ended.out
    assert falls(phase2.losses)
    assert len(phase2.losses) == 2
    ended = torch.load(phase2.checkpoint(6), map_location="cpu", weights_only=True)
    assert [group["step"] for group in ended["optimizer"]["param_groups"]] == [2, 2]
    assert keeps_moments(phase1.checkpoint(4), phase2.checkpoint(6), steps=2)


@pytest.mark.slow
@pytest.mark.parametrize("precision", [[], ["--fp16"]])
def test_both_phases_as_the_upstream_starts_them(
    bert_minimal: Path, data: Path, tmp_path: Path, precision: list[str]
) -> None:
    """scripts/run_pretraining.sh adds --resume_from_checkpoint to phase 2; FP32 takes the bfloat16 all-reduce too."""
    first = train(bert_minimal, PHASE1, data, tmp_path, *precision, processes=2)
    trains_phase_1(first)  # before the log is written anew
    second = train(bert_minimal, PHASE2, data, tmp_path, *precision, "--resume_from_checkpoint", processes=2)
    goes_on_from_phase_1(first, second)


@pytest.fixture(scope="module")
def cut_short(bert_minimal: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phase 1 with checkpoints of steps 2 and 3, where 4 is its end."""
    folder = tmp_path_factory.mktemp("cut-short")
    train(bert_minimal, PHASE1, data, folder, "--steps_this_run=3")
    return folder


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), marks=pytest.mark.slow),
        ("--resume_from_checkpoint",),
        ("--phase1_end_step=1",),
        pytest.param(("--phase1_end_step=3", "--resume_step=2"), marks=pytest.mark.slow),
    ],
)
def test_a_wrong_end_of_phase_1_is_refused(
    bert_minimal: Path, data: Path, cut_short: Path, options: tuple[str, ...]
) -> None:
    """It trained on: at a step before the first, or on phase 1's data, as if phase 2 had begun."""
    with pytest.raises(AssertionError) as error:
        train(bert_minimal, PHASE2, data, cut_short, *options)
    said = str(error.value).partition("\nassert ")[0]  # what pytest adds
    end = next((word for word in options if "end_step" in word), "--phase1_end_step=4")
    assert f"{end} does not fit the checkpoints in {cut_short}/results/checkpoints/ (steps: 2, 3). Give the" in said
    assert "Traceback" not in said
    assert "the trainer failed with exit code 1" in said


@pytest.mark.slow
def test_phase_2_goes_on_without_phase_1s_checkpoint_where_that_is_meant(
    bert_minimal: Path, data: Path, cut_short: Path, tmp_path: Path
) -> None:
    shutil.copytree(cut_short / "results", tmp_path / "results")
    meant = ("--phase1_end_step=1", "--resume_from_checkpoint")
    found = train(bert_minimal, PHASE2, data, tmp_path, *meant, "--max_steps=4")
    assert found.logged("phase2") == [f"goes on from ckpt_3.pt in {tmp_path}/results/checkpoints/, as step 2"]


@pytest.mark.slow
def test_phase_2_alone_says_that_it_begins_with_new_weights(bert_minimal: Path, data: Path, tmp_path: Path) -> None:
    (said,) = train(bert_minimal, PHASE2, data, tmp_path).logged("phase2")
    assert said.startswith("new weights: no ckpt_*.pt in ")


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [["--fp16"], ["--gradient_accumulation_steps=1"], ["--checkpoint_activations", "--fp16"]]
)
def test_two_processes_without_accumulation_or_all_reduce_of_their_own(
    bert_minimal: Path, data: Path, tmp_path: Path, options: list[str]
) -> None:
    """DistributedDataParallel then takes the mean; both ranks see the same samples, so one process gets the same.

    Rank 0 adds 0 to the seed of 42, and a process alone -1.
    """
    words = PHASE1.replace("--allreduce_post_accumulation_fp16", "").replace("--allreduce_post_accumulation", "")
    two = train(bert_minimal, words, data, tmp_path / "two", *options, processes=2)
    one = train(bert_minimal, words, data, tmp_path / "one", *options, "--seed=43")
    assert falls(two.losses)
    assert two.losses == pytest.approx(one.losses, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["eager", "compile"])
def test_other_modes(bert_minimal: Path, data: Path, tmp_path: Path, mode: str) -> None:
    done = train(bert_minimal, PHASE1, data, tmp_path, "--fp16", mode=mode)
    assert falls(done.losses)
    assert [counted["step_marks"] for counted in done.counted] == [0]
