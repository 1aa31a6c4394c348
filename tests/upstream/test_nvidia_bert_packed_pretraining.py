"""Pre-training at stage packed, on packed and on unpacked data."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from migrator.packing.input_files import shard_files
from tests.upstream.bert_data import write_config
from tests.upstream.learning_rate import warm_up_and_decay
from tests.upstream.packed_pretraining import (
    PACKED1,
    equal_bits,
    metadata,
    model_of,
    write_even,
    write_packed,
)
from tests.upstream.pretraining import PHASE1, Trained, train

pytestmark = pytest.mark.upstream
KINDS = {"not packed": PHASE1, "packed": PACKED1}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_packed(tmp_path_factory.mktemp("data"))


def sensible(trained: Trained, steps: int) -> bool:
    return len(trained.losses) == steps and all(0 < loss < math.inf for loss in trained.losses)


def keys(trained: Trained, step: int) -> list[str]:
    torch = pytest.importorskip("torch")
    return sorted(torch.load(trained.checkpoint(step), map_location="cpu", weights_only=False))


def test_schedule_log_and_checkpoints_go_by_optimizer_steps(bert_packed: Path, data: Path, tmp_path: Path) -> None:
    """By two processes, with --fp16, whatever a step takes."""
    phase1 = train(bert_packed, PACKED1, data, tmp_path, "--fp16", processes=2)
    assert sensible(phase1, 4)
    rates = [warm_up_and_decay(step, rate=6e-3, warmup=0.2843, steps=4) for step in (1, 2, 3)]
    assert phase1.logged("learning_rate")[1:] == pytest.approx(rates, rel=1e-12)
    assert phase1.logged("checkpoint_step") == [2, 4]
    assert keys(phase1, 4) == ["data_loader", "epoch", "files", "master params", "model", "optimizer"]
    mean = metadata(data / "phase1_packed")["avg_seq_per_sample"]
    assert phase1.logged("packed") == [
        f"{mean:.4f} sequences a row: 2 accumulation steps of 4 rows, "
        f"about {8 * mean:.0f} sequences an update of each card (16 asked for)"
    ]
    assert [counted["step_marks"] for counted in phase1.counted] == [4 * (2 + 1)] * 2


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["eager", "compile"])
def test_other_modes(bert_packed: Path, data: Path, tmp_path: Path, mode: str) -> None:
    found = train(bert_packed, PACKED1, data, tmp_path, "--fp16", mode=mode)
    assert sensible(found, 4)
    assert [counted["step_marks"] for counted in found.counted] == [0]


@pytest.mark.slow
def test_activations_may_be_computed_twice(bert_packed: Path, data: Path, tmp_path: Path) -> None:
    once = train(bert_packed, PACKED1, data, tmp_path / "once")
    again = train(bert_packed, PACKED1, data, tmp_path / "again", "--checkpoint_activations")
    assert again.losses == pytest.approx(once.losses, rel=1e-6)


def refused(port: Path, words: str, data: Path, out: Path, *more: str) -> str:
    """The one line in which the script refuses to run."""
    with pytest.raises(AssertionError) as error:
        train(port, words, data, out, *more)
    said = str(error.value).partition("\nassert ")[0]  # what pytest adds
    assert "Traceback" not in said
    assert "the trainer failed with exit code 1" in said
    # `migrate run` says the end of it once more
    (line,) = {line.strip() for line in said.splitlines() if str(data) in line and "--input_dir=" not in line}
    return line


@pytest.mark.parametrize(("kind", "said"), [("not packed", "true"), ("packed", "false")])
def test_a_wrong_word_about_the_data_is_refused(
    bert_packed: Path, data: Path, tmp_path: Path, kind: str, said: str
) -> None:
    error = refused(bert_packed, KINDS[kind], data, tmp_path, f"--enable_packed_data_mode={said}")
    assert error.startswith(f"--enable_packed_data_mode {said}: the data in {data}")
    assert error.endswith(f" are {kind}. Leave the option out: it is seen from the data.")


def test_a_folder_without_shards_is_refused(bert_performance: Path, tmp_path: Path) -> None:
    write_config(tmp_path / "bert_config.json")
    (tmp_path / "phase1").mkdir()
    error = refused(bert_performance, PHASE1, tmp_path, tmp_path / "run")
    assert error.startswith(f"{tmp_path / 'phase1'}")
    assert error.endswith("Give --input_dir the folder of the training data.")


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "said"), [("not packed", "False"), ("packed", "true")])
def test_a_right_word_about_the_data_changes_nothing(
    bert_packed: Path, data: Path, tmp_path: Path, kind: str, said: str
) -> None:
    plain = train(bert_packed, KINDS[kind], data, tmp_path / "plain")
    found = train(bert_packed, KINDS[kind], data, tmp_path / "said", f"--enable_packed_data_mode={said}")
    assert found.losses == plain.losses


def test_files_of_other_packers(bert_packed: Path, data: Path, tmp_path: Path) -> None:
    """Other names, in the same order, a file beside them that is none, and no metadata: the sequences are counted."""
    write_config(tmp_path / "bert_config.json")
    (tmp_path / "phase1_packed").mkdir()
    for number, path in enumerate(shard_files(data / "phase1_packed")):
        shutil.copy(path, tmp_path / "phase1_packed" / f"part-{number}.hdf5")
    (tmp_path / "phase1_packed" / "README").write_text("packed elsewhere", encoding="utf-8")
    found = train(bert_packed, PACKED1, tmp_path, tmp_path / "run")
    known = train(bert_packed, PACKED1, data, tmp_path / "known")
    assert found.losses == known.losses
    assert found.logged("packed") == known.logged("packed")


@pytest.mark.parametrize("options", [(), pytest.param(("--fp16",), marks=pytest.mark.slow)])
def test_unpacked_data_train_as_at_stage_minimal_to_the_last_bit(
    bert_minimal: Path, bert_packed: Path, data: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """With dropout: no random number is drawn that was not."""
    write_config(tmp_path / "bert_config.json", hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1)
    shutil.copytree(data / "phase1", tmp_path / "phase1")
    before, after = (
        train(port, PHASE1, tmp_path, tmp_path / port.parent.name, *options) for port in (bert_minimal, bert_packed)
    )
    assert after.losses == before.losses
    assert equal_bits(model_of(before, 4), model_of(after, 4))


def test_the_last_batch_of_a_file_is_filled_up(bert_minimal: Path, bert_packed: Path, tmp_path: Path) -> None:
    """10 rows in batches of 4: the third had another shape, a graph of its own, and has the same loss filled up.

    All of 6 micro-batches, two of them filled up, hold 20 sequences, which is what throughput counts.
    """
    write_even(tmp_path, samples=10)
    words = PHASE1.replace("--max_steps=4", "--max_steps=3").replace("proportion=0.2843", "proportion=0.4")
    before, after = (train(port, words, tmp_path, tmp_path / port.parent.name) for port in (bert_minimal, bert_packed))
    assert after.losses == pytest.approx(before.losses, rel=1e-6)
    new_before, new_after = (run.counted[0]["graphs"]["new"] for run in (before, after))
    assert len(new_after) < len(new_before)
    assert sequences(after) == pytest.approx(20)
    assert sequences(before) == pytest.approx(24)  # as if all batches were full


def sequences(trained: Trained) -> float:
    """What the logged throughput amounts to."""
    (rate,), (seconds,) = trained.logged("training_sequences_per_second"), trained.logged("raw_train_time")
    return float(rate * seconds)


@pytest.mark.parametrize("processes", [1, 2])
def test_throughput_counts_sequences(bert_packed: Path, tmp_path: Path, processes: int) -> None:
    """4 steps of 2 micro-batches of 4 rows with two sequences each."""
    write_even(tmp_path, samples=16)
    words = PACKED1.replace("length=32", "length=64")
    found = train(bert_packed, words, tmp_path, tmp_path / "run", processes=processes)
    assert sequences(found) == pytest.approx(4 * 2 * 4 * 2 * processes, rel=1e-6)


def test_few_accumulation_steps_become_one(bert_packed: Path, tmp_path: Path) -> None:
    """2 steps of rows with two sequences are one, so that DistributedDataParallel reduces in each of them."""
    write_even(tmp_path, samples=16)
    words = PACKED1.replace("length=32", "length=64").replace("accumulation_steps=4", "accumulation_steps=2")
    two = train(bert_packed, words, tmp_path, tmp_path / "two", processes=2)
    one = train(bert_packed, words, tmp_path, tmp_path / "one", "--seed=43")
    assert "1 accumulation steps of 8 rows, about 16 sequences" in two.logged("packed")[0]
    config = json.dumps(two.logged("Config"))
    assert "allreduce_post_accumulation=False" in config
    assert "gradient_accumulation_steps=1," in config
    assert two.losses == pytest.approx(one.losses, rel=1e-5)


def test_rows_that_are_too_long_are_refused(bert_packed: Path, tmp_path: Path) -> None:
    write_even(tmp_path)
    said: Any = refused(bert_packed, PACKED1, tmp_path, tmp_path / "run")
    assert "packed rows have 64 tokens, and 32 is the most that is asked for" in said
