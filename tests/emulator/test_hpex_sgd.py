"""The emulated FusedSGD, FusedAdagrad and Adam against torch's."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch

from habana_frameworks.torch.hpex.optimizers import Adam, FusedAdagrad, FusedSGD
from tests.emulator.counted import counted
from tests.emulator.hpex_parameters import equal, give_gradients, on_cpu, parameters, run, take_over


def same(kind: Any, theirs: Any, **settings: Any) -> None:
    """Four steps of both end at the same parameters."""
    params, others = parameters("hpu"), parameters("cpu")
    run(kind(params, **settings), params)
    run(theirs(others, **settings), others)
    torch.testing.assert_close(on_cpu(params), on_cpu(others))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"weight_decay": 0.1},
        {"momentum": 0.9},
        {"momentum": 0.9, "weight_decay": 0.1},
        {"momentum": 0.9, "weight_decay": 0.1, "nesterov": True},
    ],
)
def test_sgd_is_torchs(settings: dict[str, Any]) -> None:
    same(FusedSGD, torch.optim.SGD, lr=0.1, **settings)


def test_sgd_dampens_the_first_gradient_too() -> None:
    params = parameters("hpu")
    before = on_cpu(params)
    give_gradients(params, 0)
    gradients = on_cpu([param.grad for param in params])

    FusedSGD(params, lr=0.1, momentum=0.9, dampening=0.5).step()

    expected = [weight - 0.1 * 0.5 * gradient for weight, gradient in zip(before, gradients, strict=True)]
    torch.testing.assert_close(on_cpu(params), expected)


def test_sgd_takes_weight_decay_before_dampening() -> None:
    assert list(inspect.signature(FusedSGD).parameters) == (
        ["params", "lr", "momentum", "weight_decay", "dampening", "nesterov"]
    )
    group = FusedSGD(parameters("hpu"), 0.1, 0.9, 0.01).param_groups[0]
    assert (group["weight_decay"], group["dampening"]) == (0.01, 0)


def test_sgd_needs_a_learning_rate_and_takes_it_from_a_schedule() -> None:
    with pytest.raises(TypeError):
        FusedSGD(parameters("hpu"))
    params = parameters("hpu")
    optimizer = FusedSGD(params, lr=1.0)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 0.0)
    before = on_cpu(params)

    run(optimizer, params)

    assert equal(params, before)


def test_sgd_keeps_bfloat16_parameters_and_a_float32_buffer() -> None:
    params = parameters("hpu", torch.bfloat16)
    optimizer = FusedSGD(params, lr=0.1, momentum=0.9)
    run(optimizer, params)
    others = parameters("cpu", torch.bfloat16)
    run(torch.optim.SGD(others, lr=0.1, momentum=0.9), others)

    assert params[0].dtype is torch.bfloat16
    assert optimizer.state[params[0]]["momentum_buffer"].dtype is torch.float32
    torch.testing.assert_close(on_cpu(params), on_cpu(others), atol=0.02, rtol=0.02)


def test_sgd_makes_buffers_at_once_for_gradients_that_are_there() -> None:
    params = parameters("hpu", torch.bfloat16)
    give_gradients(params[:1], 0)

    optimizer = FusedSGD(params, lr=0.1, momentum=0.9)

    assert set(optimizer.state) == {params[0]}
    assert optimizer.state[params[0]]["momentum_buffer"].dtype is torch.bfloat16


@pytest.mark.parametrize(
    "settings",
    [
        {"lr": -1},
        {"lr": 1, "momentum": -1},
        {"lr": 1, "weight_decay": -1},
        {"lr": 1, "dampening": -1},
        {"lr": 1, "nesterov": True},
        {"lr": 1, "momentum": 0.9, "dampening": 0.1, "nesterov": True},
    ],
)
def test_sgd_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Invalid|Nesterov"):
        FusedSGD(parameters("hpu"), **settings)


def test_sgd_state_survives_saving() -> None:
    params, others = parameters("hpu"), parameters("hpu")

    take_over(FusedSGD(params, lr=0.1, momentum=0.9), FusedSGD(others, lr=7.0))

    assert equal(params, others)


@pytest.mark.parametrize(
    "settings", [{}, {"lr_decay": 0.1}, {"weight_decay": 0.1}, {"initial_accumulator_value": 0.5, "eps": 0.1}]
)
def test_adagrad_is_torchs(settings: dict[str, Any]) -> None:
    same(FusedAdagrad, torch.optim.Adagrad, lr=0.1, **settings)


def test_adagrad_keeps_the_learning_rate_that_it_was_made_with() -> None:
    params, others = parameters("hpu"), parameters("hpu")
    optimizer = FusedAdagrad(params, lr=0.1)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 0.0)

    run(optimizer, params)
    run(FusedAdagrad(others, lr=0.1), others)

    group = optimizer.param_groups[0]
    assert group["lr"] == 0.0
    assert (group["lr_t"].cpu().tolist(), group["step_t"].cpu().tolist()) == ([pytest.approx(0.1)], [4])
    assert equal(params, others)


def test_adagrad_has_no_learning_rate_for_a_group_added_later() -> None:
    params = parameters("hpu")
    optimizer = FusedAdagrad(params[:1])
    optimizer.add_param_group({"params": params[1:]})
    give_gradients(params, 0)

    with pytest.raises(KeyError):
        optimizer.step()


@pytest.mark.parametrize("name", ["lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"])
def test_adagrad_settings_out_of_range(name: str) -> None:
    with pytest.raises(ValueError, match="Invalid"):
        FusedAdagrad(parameters("hpu"), **{name: -1.0})


def test_adam_is_torchs_and_marks_steps() -> None:
    same(Adam, torch.optim.Adam, lr=0.1, weight_decay=0.1)
    params = parameters("hpu")
    give_gradients(params, 0)
    optimizer = Adam(params)
    with counted() as counts:
        assert optimizer.step(lambda: 3) == 3

    assert counts.step_marks == 2
    assert optimizer.state[params[0]]["step"] == 1


def test_step_marks_of_sgd_and_adagrad() -> None:
    params = parameters("hpu")
    give_gradients(params, 0)
    with counted() as counts:
        sgd = FusedSGD(params, lr=0.1, momentum=0.9)
        sgd.step()
        of_sgd = counts.step_marks
        FusedAdagrad(params).step()

    assert (of_sgd, counts.step_marks - of_sgd) == (3, 2)
    assert not counts.host_reads
