"""Packed rows train as the same sequences do unpacked, and unpacked rows as before stage packed."""

from __future__ import annotations

import importlib
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest

from tests.scenarios.packed_rows import Arrays, first_fit, pack, write_shard
from tests.scenarios.packed_stage import (
    MASKED,
    ROW,
    STEPS,
    apply_packed,
    log_lines,
    options,
    train,
    upstream_tree,
    write_tree,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

PER_ROW = 4
MODULES = (
    *("data", "modeling", "pretraining_data", "make_synthetic_data", "run_pretraining", "dist_utils", "optimization"),
)


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


def arguments(folder: Path, **others: object) -> SimpleNamespace:
    """What the trainer's data are made from."""
    limits = {"max_seq_length": ROW, "max_predictions_per_seq": MASKED}
    return SimpleNamespace(**{"input_dir": str(folder), "seed": 42, "use_cuda": False, **limits, **others})


def batch_of(trainer: SimpleNamespace, path: Path, size: int = 0, **others: object) -> dict[str, Any]:
    """All rows of a shard in one batch, the way the trainer reads them; further ones of `size` are ignored rows."""
    with h5py.File(path) as file:
        size = size or len(file["input_ids"])
    (batch,) = trainer.data.ShardedPretrainingData(arguments(path.parent, **others), size).epoch(0)
    return dict(batch)


def make_model(trainer: SimpleNamespace, folder: Path) -> Any:
    torch.manual_seed(5)
    config = trainer.modeling.BertConfig.from_json_file(folder / "configs" / "bert_tiny.json")
    assert config.hidden_dropout_prob == config.attention_probs_dropout_prob == 0.0
    return trainer.modeling.BertForPreTraining(config)


def scores(trainer: SimpleNamespace, model: Any, batch: dict[str, Any]) -> Any:
    extra = {name: batch[name] for name in trainer.pretraining_data.PACKED_INPUTS if name in batch}
    inputs = ("input_ids", "segment_ids", "input_mask", "masked_lm_positions")
    return model(*(batch[name] for name in inputs), **extra)


def loss_of(trainer: SimpleNamespace, model: Any, batch: dict[str, Any]) -> Any:
    criterion = trainer.modeling.BertPretrainingCriterion(model.config.vocab_size)
    return criterion(*scores(trainer, model, batch), batch["masked_lm_labels"], batch["next_sentence_labels"])


def loss_and_gradients(
    trainer: SimpleNamespace, folder: Path, batch: dict[str, Any], dtype: Any = torch.float32
) -> tuple[float, dict[str, Any]]:
    model = make_model(trainer, folder).to(dtype)
    loss = loss_of(trainer, model, batch)
    loss.backward()
    return loss.item(), {name: p.grad for name, p in model.named_parameters()}


def assert_same_step(
    first: tuple[float, dict[str, Any]], second: tuple[float, dict[str, Any]], tolerance: float = 1e-6
) -> None:
    """The same loss and gradients, to a tolerance; that of gradients counts from the largest element of all."""
    assert second[0] == pytest.approx(first[0], rel=tolerance)
    largest = max(gradient.abs().max().item() for gradient in first[1].values())
    for name, gradient in first[1].items():
        torch.testing.assert_close(second[1][name], gradient, rtol=0, atol=tolerance * largest)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-13)])
def test_the_same_sequences_have_the_same_loss_and_gradients(
    trainer: SimpleNamespace, folder: Path, unpacked: Path, packed: Path, dtype: Any, tolerance: float
) -> None:
    steps = [loss_and_gradients(trainer, folder, batch_of(trainer, path), dtype) for path in (unpacked, packed)]
    assert_same_step(*steps, tolerance)


@pytest.mark.parametrize("form", ["unpacked", "packed"])
def test_ignored_rows_change_neither_loss_nor_gradients(
    trainer: SimpleNamespace, folder: Path, form: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(form)
    batches = [batch_of(trainer, path), batch_of(trainer, path, size=64)]
    assert (batches[0]["input_ids"].shape[0], batches[1]["input_ids"].shape[0]) != (64, 64)
    assert_same_step(*(loss_and_gradients(trainer, folder, batch) for batch in batches))


@pytest.mark.parametrize("form", ["unpacked", "packed"])
def test_a_batch_of_ignored_rows_has_loss_and_gradients_zero(
    trainer: SimpleNamespace, folder: Path, form: str, request: pytest.FixtureRequest
) -> None:
    batch = batch_of(trainer, request.getfixturevalue(form), size=64)
    last = {name: t[-2:] for name, t in batch.items()}
    assert not last["input_mask"].any()
    loss, gradients = loss_and_gradients(trainer, folder, last)
    assert loss == 0.0
    assert all(gradient is None or not gradient.any() for gradient in gradients.values())


def test_sequences_do_not_see_each_other(
    trainer: SimpleNamespace, folder: Path, packed: Path, rows: list[list[int]]
) -> None:
    model, batch = make_model(trainer, folder), batch_of(trainer, packed)
    row = int((batch["next_sentence_labels"] != -1).sum(dim=1).argmax())
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
    before, after = batch_of(trainer, unpacked), batch_of(trainer, packed, max_predictions_per_seq=1)
    for name in ("masked_lm_labels", "next_sentence_labels"):
        labels = [batch[name][batch[name] != -1].tolist() for batch in (before, after)]
        assert sorted(labels[0]) == sorted(labels[1])
    assert (after["next_sentence_labels"] != -1).sum() == len(shard["input_ids"])


def test_rows_that_would_be_cut_are_refused(trainer: SimpleNamespace, packed: Path) -> None:
    with pytest.raises(ValueError, match=f"packed rows have {ROW} tokens"):
        batch_of(trainer, packed, max_seq_length=ROW - 1)


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
    # Micro-batches have two rows, as typed, and an epoch is all rows: that is how far the epochs have got.
    batches_per_epoch = -(-len(rows) // 2)
    assert [line["epoch"] for line in lines] == [(n * steps - 1) // batches_per_epoch for n in range(1, STEPS + 1)]
    # One step of warmup, then linear decay: the schedule counts updates.
    rates = [4e-3 * (STEPS - n) / STEPS for n in range(1, STEPS + 1)]
    assert [line["learning_rate"] for line in lines] == pytest.approx(rates)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # what the CUDA trainer asks for
def test_throughput_is_in_sequences_and_none_is_left_out(
    trainer: SimpleNamespace, folder: Path, packed: Path, rows: list[list[int]], tmp_path: Path, monkeypatch: Any
) -> None:
    counts: list[int] = []

    class RecordingLog(trainer.run_pretraining.TrainingLog):  # type: ignore[misc, name-defined]
        def add(self, loss: float, sequences: int) -> None:
            counts.append(sequences)
            super().add(loss, sequences)

    batch_size = next(size for size in (4, 5, 6) if len(rows) % size)  # one that leaves a batch which is not full
    one_epoch = ("--train_batch_size", batch_size, "--max_steps", -(-len(rows) // batch_size), "--no_cuda")
    given = options(folder, packed.parent, tmp_path / "results", *one_epoch)
    monkeypatch.setattr(trainer.run_pretraining, "TrainingLog", RecordingLog)
    monkeypatch.setattr(sys, "argv", ["run_pretraining.py", *given])
    trainer.run_pretraining.main()
    assert sum(counts) == sum(len(row) for row in rows)
    assert len(log_lines(tmp_path / "results")) == len(counts)


def test_a_row_without_sequences_is_no_loss_to_average(folder: Path, shard: Arrays, tmp_path: Path) -> None:
    whole = write_shard(tmp_path / "whole" / "part.hdf5", pack(shard, [[0], [1]], PER_ROW))
    gaps = write_shard(tmp_path / "gaps" / "part.hdf5", pack(shard, [[0], [], [1]], PER_ROW))
    losses = []
    for path, batches in ((whole, 2), (gaps, 3)):
        # one update, with a learning rate of 0 until it is made: all sequences have the loss of the model as it starts
        given = ("--max_steps", 1, "--train_batch_size", batches, "--gradient_accumulation_steps", batches)
        path.parent.with_name(f"{path.parent.name}_metadata.json").write_text('{"avg_seq_per_sample": 1}')
        lines, _ = train(folder, path.parent, tmp_path / f"results-{batches}", *given)
        losses += [line["loss"] for line in lines]
    assert losses[1] == pytest.approx(losses[0], rel=1e-6)


def test_unpacked_rows_train_as_before_to_the_bit(folder: Path, shard: Arrays, unpacked: Path, tmp_path: Path) -> None:
    # Two shards of three batches each, so that the trainer as it was leaves out none.
    for name, part in (("part.hdf5", slice(24)), ("other.hdf5", slice(24, 48))):
        write_shard(unpacked.with_name(name), {key: array[part] for key, array in shard.items()})
    upstream = write_tree(upstream_tree(), tmp_path / "upstream")
    kept = ("loss", "masked_lm_accuracy", "learning_rate", "epoch")
    runs = []
    for source, output in ((upstream, "before"), (folder, "after")):
        batch = ("--train_batch_size", 16, "--gradient_accumulation_steps", 2)
        lines, log = train(source, unpacked.parent, tmp_path / output, *batch)
        assert "packed data" not in log
        runs.append([[line[name] for name in kept] for line in lines])
    assert runs[0] == runs[1]
