"""The emulated FusedLars and FusedResourceApplyMomentum against their formulas."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from habana_frameworks.torch.hpex.optimizers import FusedLars, FusedResourceApplyMomentum
from tests.emulator.counted import counted
from tests.emulator.hpex_parameters import SHAPES, give_gradients, on_cpu, parameters, run

MASK = [1, 0, 1]


def lars(params: Any, mask: list[int] = MASK, **settings: Any) -> FusedLars:
    inner = FusedResourceApplyMomentum(params, lr=0.1, momentum=0.9, weight_decay=0.05)
    return FusedLars(inner, mask, **settings)


def expected(steps: int) -> list[torch.Tensor]:
    weights = on_cpu(parameters("cpu"))
    moments: list[Any] = [None] * len(SHAPES)
    for step in range(steps):
        others = parameters("cpu")
        give_gradients(others, step)
        for index, other in enumerate(others):
            gradient, weight = other.grad, weights[index]
            if MASK[index]:
                ratio = 0.001 * weight.norm() / (gradient.norm() + 0.05 * weight.norm() + 1e-8)
                gradient = ratio * (gradient + 0.05 * weight)
            gradient = 0.1 * gradient
            moments[index] = gradient if step == 0 else 0.9 * moments[index] - gradient
            weights[index] = weight + moments[index]
    return weights


@pytest.mark.parametrize("steps", [1, 3])
def test_lars_scales_what_the_inner_optimizer_adds(steps: int) -> None:
    params = parameters("hpu")

    run(lars(params), params, steps=steps)

    torch.testing.assert_close(on_cpu(params), expected(steps))


def test_zero_gradients_and_zero_weights_have_ratio_one() -> None:
    weight = torch.nn.Parameter(torch.zeros(2, device="hpu"))
    weight.grad = torch.tensor([3.0, 4.0], device="hpu")

    lars([weight], [1]).step()

    assert weight.tolist() == pytest.approx([0.3, 0.4])


def test_groups_state_and_weight_decay_are_shared() -> None:
    params = parameters("hpu")
    optimizer = lars(params)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)

    run(optimizer, params, steps=1)
    schedule.step()

    inner = optimizer.optim.param_groups[0]
    assert (inner["lr"], inner["weight_decay"], inner["eeta"]) == (0.05, 0.05, 0.001)
    assert optimizer.state is optimizer.optim.state
    assert set(optimizer.state[params[0]]) == {"momentum_buffer"}


def test_missing_gradients_are_left_out_and_zeroed_on_request() -> None:
    params = parameters("hpu")
    optimizer = lars(params)
    optimizer.step()
    give_gradients(params[1:], 0)
    kept = on_cpu(params[:1])

    optimizer.step()
    optimizer.zero_grad()

    assert torch.equal(on_cpu(params[:1])[0], kept[0])
    assert all(param.grad.abs().max().item() == 0 for param in params[1:])


def test_a_mask_too_short_is_an_error() -> None:
    params = parameters("hpu")
    give_gradients(params, 0)

    with pytest.raises(IndexError):
        lars(params, [1]).step()


def test_momentum_adds_at_first_and_subtracts_later() -> None:
    weight = torch.nn.Parameter(torch.ones(1, device="hpu"))
    optimizer = FusedResourceApplyMomentum([weight], lr=100.0, momentum=0.5)
    seen = []
    for _ in range(3):
        weight.grad = torch.ones(1, device="hpu")
        assert optimizer.step(lambda: "loss") == "loss"
        seen.append(weight.item())

    # momentum 1, then 0.5 - 1 = -0.5, then -0.25 - 1 = -1.25
    assert seen == [2.0, 1.5, 0.25]


def test_without_momentum_it_adds_always() -> None:
    weight = torch.nn.Parameter(torch.zeros(1, device="hpu"))
    optimizer = FusedResourceApplyMomentum([weight], lr=1.0)
    for _ in range(2):
        weight.grad = torch.ones(1, device="hpu")
        optimizer.step()

    assert weight.item() == 2.0


@pytest.mark.parametrize("settings", [{"lr": -1}, {"momentum": -1}, {"weight_decay": -1}, {"nesterov": True}])
def test_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Invalid|Nesterov"):
        FusedResourceApplyMomentum(parameters("hpu"), **{"lr": 1.0, **settings})


def test_step_marks() -> None:
    params = parameters("hpu")
    optimizer = lars(params)
    give_gradients(params, 0)
    with counted() as counts:
        optimizer.step()

    assert counts.step_marks == 4
    assert not counts.host_reads
