"""At stage packed run_squad.py trains on several questions a row where --packed says so, and as before where not."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.upstream.bert_finetuning import Bert, weights
from tests.upstream.packed_pretraining import equal_bits
from tests.upstream.running import run, run_by_torch

pytestmark = pytest.mark.upstream
SCRIPT = Path(__file__).with_name("span_losses.py")
EPOCHS = 40  # enough to learn 24 questions by heart, which are then asked one a row
TRAINED = ("--do_train", f"--num_train_epochs={EPOCHS}", "--learning_rate=5e-3", "--packed")


@pytest.fixture
def packed(bert: Bert, bert_packed: Path) -> Bert:
    return replace(bert, code=bert_packed)


@pytest.fixture
def packing(bert_packed: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(bert_packed)
    import squad_packing  # type: ignore[import-not-found]  # noqa: PLC0415

    module: ModuleType = squad_packing
    return module


def logged(bert: Bert, name: str) -> list[Any]:
    lines = (bert.place / "squad.json").read_text(encoding="utf-8").splitlines()
    data = [json.loads(line.removeprefix("DLLL ")).get("data", {}) for line in lines]
    return [record[name] for record in data if name in record]


@pytest.mark.parametrize("room", [1, 20, 384])
def test_every_sequence_is_in_one_row_that_has_room(packing: ModuleType, room: int) -> None:
    lengths = np.random.default_rng(room).integers(1, room + 1, 500).tolist()
    rows = packing.best_fit(lengths, room)
    assert Counter(sequence for row in rows for sequence in row) == Counter(range(500))
    used = [sum(lengths[sequence] for sequence in row) for row in rows]
    assert max(used) <= room
    assert len(rows) <= 1.05 * sum(lengths) / room + 1
    assert packing.best_fit([], room) == []


def test_packed_questions_have_the_loss_and_gradients_of_the_same_ones_alone(packed: Bert) -> None:
    """Alone they have padding, whose logits are left out: in a packed row a question chooses among its own tokens."""
    done = run(packed.place, SCRIPT, packed.code, packed.data / "bert_config.json")
    found = json.loads(done.out.splitlines()[-1])
    assert found["left"] == 0
    assert sum(found["asked"]) == 40
    ours, expected = np.transpose(found["losses"])
    assert len(ours) > 3
    assert ours == pytest.approx(expected, rel=1e-6)
    assert max(found["gradients"]) < 1e-6


@pytest.mark.parametrize("more", [(), pytest.param(("--fp16",), marks=pytest.mark.slow)])
def test_training_on_packed_questions(packed: Bert, more: tuple[str, ...]) -> None:
    packed.run("run_squad.py", *TRAINED, "--do_predict", "--do_eval", *more)
    (said,) = logged(packed, "packed")
    per_row, rows = float(said.split()[0]), int(said.split()[-4])
    assert per_row > 1.5
    assert rows == round(8 / per_row)
    assert logged(packed, "steps") == [24 // 8 * EPOCHS]  # what the schedule counts: as unpacked
    losses = packed.losses()
    assert len(losses) == EPOCHS * -(-round(24 / per_row) // rows)
    assert losses[-1] < losses[0] / 4
    right = [packed.predictions()[key] == answer for key, answer in packed.answers().items()]
    assert all(right)


@pytest.mark.slow
def test_two_processes(packed: Bert) -> None:
    run_by_torch(packed.place, *packed.words("run_squad.py", *TRAINED))
    losses = packed.losses()
    assert losses[-1] < losses[0] / 4


def test_without_the_option_it_trains_as_at_stage_minimal_to_the_last_bit(bert: Bert, bert_packed: Path) -> None:
    before, after = bert.another("before"), replace(bert, code=bert_packed).another("after")
    for one in (before, after):
        one.run("run_squad.py", "--do_train", "--num_train_epochs=1")
    assert before.losses() == after.losses()
    trained = [weights(one.out / "pytorch_model.bin") for one in (before, after)]
    assert equal_bits(*trained)
