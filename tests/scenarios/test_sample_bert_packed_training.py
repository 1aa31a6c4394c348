"""Packed rows train as the same sequences do unpacked, and unpacked rows as before stage packed."""

from __future__ import annotations

import importlib
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.scenarios.packed_rows import Arrays, first_fit, pack, write_shard
from tests.scenarios.packed_stage import apply_packed, upstream_tree, write_tree

torch = pytest.importorskip("torch", reason="torch is not installed")

ROW, MASKED, PER_ROW, STEPS = 32, 5, 4, 10
MODULES = ("data", "modeling", "packed_data", "make_synthetic_data", "run_pretraining", "dist_utils", "optimization")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tree(apply_packed("upstream")[1].tree, tmp_path_factory.mktemp("packed"))


@pytest.fixture
def trainer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The trainer's own modules; nothing else may see them under their short names."""
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    for name in MODULES:
        sys.modules.pop(name)


@pytest.fixture
def shard(trainer: SimpleNamespace) -> Arrays:
    sizes = SimpleNamespace(samples=48, seq_len=ROW, max_pred=MASKED, vocab=1024)
    return trainer.make_synthetic_data.make_shard(np.random.default_rng(3), sizes)


@pytest.fixture
def rows(shard: Arrays) -> list[list[int]]:
    """Rows with one sequence and with several, and an empty one."""
    made = first_fit([int(n) for n in shard["input_mask"].sum(axis=1)], ROW, PER_ROW)
    assert {len(row) for row in made} >= {1, 2, 3}
    return [*made, []]


@pytest.fixture
def unpacked(shard: Arrays, tmp_path: Path) -> Path:
    return write_shard(tmp_path / "unpacked" / "part.hdf5", shard)


@pytest.fixture
def packed(shard: Arrays, rows: list[list[int]], tmp_path: Path) -> Path:
    return write_shard(tmp_path / "packed" / "part.hdf5", pack(shard, rows, PER_ROW))


def batch_of(trainer: SimpleNamespace, path: Path, max_predictions: int = MASKED) -> dict[str, Any]:
    """All rows of a shard, opened the way the trainer does."""
    args = SimpleNamespace(input_dir=str(path.parent), max_seq_length=ROW, max_predictions_per_seq=max_predictions)
    dataset = trainer.data.ShardedPretrainingData(args, batch_size=1).open_shard(str(path))
    return torch.utils.data.default_collate(list(dataset))


def make_model(trainer: SimpleNamespace, folder: Path) -> Any:
    torch.manual_seed(5)
    config = trainer.modeling.BertConfig.from_json_file(folder / "configs" / "bert_tiny.json")
    assert config.hidden_dropout_prob == config.attention_probs_dropout_prob == 0.0
    return trainer.modeling.BertForPreTraining(config)


def scores(trainer: SimpleNamespace, model: Any, batch: dict[str, Any]) -> Any:
    extra = {name: batch[name] for name in trainer.packed_data.PACKED_INPUTS if name in batch}
    inputs = ("input_ids", "segment_ids", "input_mask", "masked_lm_positions")
    return model(*(batch[name] for name in inputs), **extra)


def loss_of(trainer: SimpleNamespace, model: Any, batch: dict[str, Any]) -> Any:
    criterion = trainer.modeling.BertPretrainingCriterion(model.config.vocab_size)
    return criterion(*scores(trainer, model, batch), batch["masked_lm_labels"], batch["next_sentence_labels"])


def test_the_same_sequences_have_the_same_loss_and_gradients(
    trainer: SimpleNamespace, folder: Path, unpacked: Path, packed: Path
) -> None:
    losses, gradients = [], []
    for path in (unpacked, packed):
        model = make_model(trainer, folder)
        loss = loss_of(trainer, model, batch_of(trainer, path))
        loss.backward()
        losses.append(loss.item())
        gradients.append({name: p.grad for name, p in model.named_parameters()})
    assert losses[1] == pytest.approx(losses[0], rel=1e-6)
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, rtol=1e-4, atol=1e-6)


def test_sequences_do_not_see_each_other(
    trainer: SimpleNamespace, folder: Path, packed: Path, rows: list[list[int]]
) -> None:
    model, batch = make_model(trainer, folder), batch_of(trainer, packed)
    row = next(i for i, sequences in enumerate(rows) if len(sequences) >= 3)
    masked_before, next_before = scores(trainer, model, batch)
    second = batch["input_mask"][row] == 2
    batch["input_ids"][row, second] = (batch["input_ids"][row, second] + 7) % 1000 + 4
    masked_after, next_after = scores(trainer, model, batch)

    of_second = second[batch["masked_lm_positions"][row]]
    same_masked = (masked_before == masked_after).all(dim=-1)
    same_next = (next_before == next_after).all(dim=-1)
    assert not same_masked[row, of_second].any()
    assert same_masked[row, ~of_second].all()
    assert same_next[row].tolist() == [True, False, *[True] * (PER_ROW - 2)]
    others = [i for i in range(len(rows)) if i != row]
    assert same_masked[others].all()
    assert same_next[others].all()


def test_no_label_is_lost_and_none_is_made_up(
    trainer: SimpleNamespace, unpacked: Path, packed: Path, shard: Arrays
) -> None:
    # --max_predictions_per_seq is for one sequence; a row may hold more masked tokens.
    before, after = batch_of(trainer, unpacked), batch_of(trainer, packed, max_predictions=1)
    for name in ("masked_lm_labels", "next_sentence_labels"):
        labels = [batch[name][batch[name] != -1].tolist() for batch in (before, after)]
        assert sorted(labels[0]) == sorted(labels[1])
    assert (after["next_sentence_labels"] != -1).sum() == len(shard["input_ids"])


def test_the_id_says_what_was_masked_as_a_row_starts_at_position_0(
    trainer: SimpleNamespace, shard: Arrays, rows: list[list[int]], tmp_path: Path
) -> None:
    arrays = pack(shard, rows, PER_ROW)
    arrays["masked_lm_positions"][0, 0] = 0
    batch = batch_of(trainer, write_shard(tmp_path / "first" / "part.hdf5", arrays))
    assert batch["masked_lm_labels"][0, 0] == arrays["masked_lm_ids"][0, 0]


def test_a_batch_of_empty_rows_has_loss_and_gradients_zero(
    trainer: SimpleNamespace, folder: Path, packed: Path
) -> None:
    model = make_model(trainer, folder)
    loss = loss_of(trainer, model, {name: t[-1:] for name, t in batch_of(trainer, packed).items()})
    loss.backward()
    assert loss.item() == 0.0
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())


def test_sequence_numbers_may_fill_int8(trainer: SimpleNamespace) -> None:
    numbers = torch.arange(128, dtype=torch.int8).repeat_interleave(2)[None]  # 0 is padding
    same = numbers[0].tolist()
    expected = [[a == b != 0 for b in same] for a in same]
    assert trainer.packed_data.block_diagonal_mask(numbers)[0].tolist() == expected


def test_rows_that_would_be_cut_are_refused(trainer: SimpleNamespace, packed: Path) -> None:
    with pytest.raises(ValueError, match=f"packed rows of {ROW} tokens"):
        trainer.packed_data.PackedShard(packed, ROW - 1)


def test_mean_comes_from_metadata_else_from_the_files(
    trainer: SimpleNamespace, unpacked: Path, packed: Path, rows: list[list[int]]
) -> None:
    mean = trainer.packed_data.mean_sequences_per_row
    metadata = packed.parent.with_name("packed_metadata.json")
    counted = sum(len(row) for row in rows) / len(rows)
    assert mean([packed]) == counted
    metadata.write_text('{"packing_algorithm": "first fit"}')
    assert mean([packed]) == counted
    metadata.write_text('{"avg_seq_per_sample": 2.5}')
    assert mean([packed]) == 2.5
    unpacked.parent.with_name("unpacked_metadata.json").write_text('{"avg_seq_per_sample": 2.5}')
    assert mean([unpacked]) == 1.0


def test_sequences_are_counted_in_the_order_of_the_batches(
    trainer: SimpleNamespace, packed: Path, rows: list[list[int]]
) -> None:
    whole = batch_of(trainer, packed)
    one_row = [{name: t[i : i + 1] for name, t in whole.items()} for i in range(len(rows))]
    counted = trainer.packed_data.CountedBatches(one_row)
    assert list(counted) == one_row  # read to the end, as a prefetcher reads ahead
    assert [counted.take_count() for _ in rows] == [len(row) for row in rows]


def options(folder: Path, data: Path, output: Path, *more: object) -> list[str]:
    """The trainer's arguments for a short run on the CPU."""
    given = (
        *("--no_cuda", "--num_workers", 0, "--log_freq", 1, "--config_file", folder / "configs" / "bert_tiny.json"),
        *("--input_dir", data, "--output_dir", output, "--json-summary", output.with_suffix(".jsonl")),
        *("--max_seq_length", ROW, "--max_predictions_per_seq", MASKED, "--max_steps", STEPS),
        *("--optimizer", "adamw", "--learning_rate", "4e-3", *more),
    )
    return [str(option) for option in given]


def train(folder: Path, data: Path, output: Path, *more: object) -> tuple[list[dict[str, Any]], str]:
    """Train in a process of its own; return the log lines as JSON, and the log."""
    command = [sys.executable, str(folder / "run_pretraining.py"), *options(folder, data, output, *more)]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in output.with_suffix(".jsonl").read_text().splitlines()], done.stderr


def test_training_on_packed_rows(folder: Path, packed: Path, rows: list[list[int]], tmp_path: Path) -> None:
    batch = ("--train_batch_size", 16, "--gradient_accumulation_steps", 8)
    lines, log = train(folder, packed.parent, tmp_path / "results", *batch)
    mean = sum(len(row) for row in rows) / len(rows)
    steps = round(8 / mean)
    assert 1 < steps < 8
    announced = rf"packed data, {mean:.2f} sequences a row: {steps} accumulation steps"
    assert len(re.findall(announced, log)) == len(re.findall("accumulation steps", log)) == 1
    assert [line["step"] for line in lines] == list(range(1, STEPS + 1))
    assert all(math.isfinite(line["loss"]) for line in lines)
    # Micro-batches have two rows, as typed, and an epoch all that are full: that is how far the epochs have got.
    batches_per_epoch = len(rows) // 2
    assert [line["epoch"] for line in lines] == [(n * steps - 1) // batches_per_epoch for n in range(1, STEPS + 1)]
    # One step of warmup, then linear decay: the schedule counts updates.
    rates = [4e-3 * (STEPS - n) / STEPS for n in range(1, STEPS + 1)]
    assert [line["learning_rate"] for line in lines] == pytest.approx(rates)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:'pin_memory'")  # what the CUDA trainer asks for
def test_throughput_is_in_sequences(
    trainer: SimpleNamespace, folder: Path, packed: Path, rows: list[list[int]], tmp_path: Path, monkeypatch: Any
) -> None:
    counts: list[int] = []

    class RecordingLog(trainer.run_pretraining.TrainingLog):  # type: ignore[misc, name-defined]
        def add(self, loss: float, sequences: int) -> None:
            counts.append(sequences)
            super().add(loss, sequences)

    one_epoch = ("--train_batch_size", 1, "--max_steps", len(rows))
    arguments = options(folder, packed.parent, tmp_path / "results", *one_epoch)
    monkeypatch.setattr(trainer.run_pretraining, "TrainingLog", RecordingLog)
    monkeypatch.setattr(sys, "argv", ["run_pretraining.py", *arguments])
    trainer.run_pretraining.main()
    assert sorted(counts) == sorted(len(row) for row in rows)
    written = (tmp_path / "results.jsonl").read_text().splitlines()
    assert all(math.isfinite(json.loads(line)["loss"]) for line in written)  # the empty row's too


def test_unpacked_rows_train_as_before_to_the_bit(folder: Path, unpacked: Path, tmp_path: Path) -> None:
    upstream = write_tree(upstream_tree(), tmp_path / "upstream")
    kept = ("loss", "masked_lm_accuracy", "learning_rate", "epoch")
    runs = []
    for source, output in ((upstream, "before"), (folder, "after")):
        batch = ("--train_batch_size", 16, "--gradient_accumulation_steps", 2)
        lines, log = train(source, unpacked.parent, tmp_path / output, *batch)
        assert "packed data" not in log
        runs.append([[line[name] for name in kept] for line in lines])
    assert runs[0] == runs[1]
