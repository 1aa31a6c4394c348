"""Losses in lines of real trainers' formats."""

from __future__ import annotations

import math

import pytest

from migrator.runtime.losses import Loss, losses_in


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("loss: 7.12", [("loss", 7.12, None)]),
        ("step 3 loss=7.12, lr=1e-4", [("loss", 7.12, 3)]),
        ("loss=7", [("loss", 7.0, None)]),
        ("{'loss': 7.12, 'grad_norm': 1.5, 'epoch': 0.1}", [("loss", 7.12, None)]),
        ('{"loss": 7.1, "step": 3}', [("loss", 7.1, 3)]),
        ('INFO {"global_step": 12, "train_loss": 6}', [("train_loss", 6.0, 12)]),
        (
            "DLL 2020-11-11 12:00:00.123456 - Training Epoch: 0 Training Iteration: 5  "
            "step_loss : 10.5  average_loss : 10.6  learning_rate : 6e-06",
            [("step_loss", 10.5, 5), ("average_loss", 10.6, 5)],
        ),
        (
            'DLLL {"timestamp": "1", "type": "LOG", "step": [0, 5], "data": {"step_loss": 10.5}}',
            [("step_loss", 10.5, 5)],
        ),
        ('DLLL {"type": "LOG", "step": "PARAMETER", "data": {"loss_scale": 1024.0}}', []),
        ("Train Epoch: 1 [640/60000 (1%)]\tLoss: 1.46", [("loss", 1.46, None)]),
        ("Epoch: [0][ 10/50]\tTime 0.3 ( 0.5)\tLoss 6.9e+00 (7.0e+00)", [("loss", 6.9, None)]),
        ("iteration 100/ 500 | lm loss: 1.05E+01 | loss scale: 1.0 |", [("loss", 10.5, 100)]),
        ("loss: tensor(7.12, device='hpu:0')", [("loss", 7.12, None)]),
        ("train/loss=3.5 eval/loss=3", [("train_loss", 3.5, None)]),
        ("Epoch 3 train loss: 0.5 val loss: 0.6", [("loss", 0.5, None)]),
        ("time per step: 0.3 loss: 4.", [("loss", 4.0, None)]),
        ("loss: -.5e-3", [("loss", -0.0005, None)]),
    ],
)
def test_losses_with_their_steps(line: str, found: list[tuple[str, float, int | None]]) -> None:
    assert losses_in(line) == [Loss(*each) for each in found]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no losses 3.5",
        "grad_loss_scale: 7.0",
        "loss_scale=1024 loss scale: 1.0",
        "Test set: Average loss: 0.0512, Accuracy: 99",
        "validation loss: 0.4",
        "{'eval_loss': 3.0}",
        '{"eval_loss": 3.0, "step": 3}',
        "lossless: 3",
        "loss: 7.12s, loss: 5%",
        "loss 3 times",
        '{"loss": true}',
        '{"loss": "low"}',
        '[1, {"loss": "x"}',
    ],
)
def test_what_is_no_loss_of_a_training_step(line: str) -> None:
    assert losses_in(line) == []


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-inf"])
def test_a_loss_that_is_not_finite_is_one(text: str) -> None:
    (loss,) = losses_in(f"loss: {text}")
    assert not math.isfinite(loss.value)
    assert losses_in('{"loss": NaN, "step": 1}')[0].step == 1


def test_a_name_counts_once_a_line() -> None:
    assert losses_in("loss: 1.0 loss: 2.0") == [Loss("loss", 1.0, None)]


def test_a_long_line_is_read_fast() -> None:
    assert losses_in("loss" * 1000 + "a.b/c_" * 500) == []
