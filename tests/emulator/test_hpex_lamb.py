"""The emulated FusedLamb against LAMB written out."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor

from habana_frameworks.torch.hpex.optimizers import FusedLamb
from migrator.emulator import counters
from tests.emulator.hpex_parameters import give_gradients, on_cpu, parameters, run


class Lamb:
    """LAMB of one parameter after another, by its paper, with a global gradient norm: what FusedLamb is held to."""

    def __init__(self, params: list[Tensor], **settings: Any) -> None:
        self.params, self.count = params, 0
        self.settings: dict[str, Any] = {
            "lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-6, "weight_decay": 0.01, "max_grad_norm": 1.0,
            "grad_averaging": True, "bias_correction": True, "use_lamb": False, **settings,
        }  # fmt: skip
        self.moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in params]

    @torch.no_grad()
    def step(self) -> None:
        s, self.count = self.settings, self.count + 1
        beta1, beta2 = s["betas"]
        norm = sum(float(p.grad.double().square().sum()) for p in self.params) ** 0.5
        divisor = max(1.0, norm / s["max_grad_norm"]) if s["max_grad_norm"] else 1.0
        for param, (first, second) in zip(self.params, self.moments, strict=True):
            gradient = param.grad / divisor
            first.copy_(beta1 * first + (1 - beta1 if s["grad_averaging"] else 1) * gradient)
            second.copy_(beta2 * second + (1 - beta2) * gradient**2)
            corrected = (1 - beta1**self.count, 1 - beta2**self.count) if s["bias_correction"] else (1, 1)
            update = first / corrected[0] / ((second / corrected[1]).sqrt() + s["eps"]) + s["weight_decay"] * param
            ratio = param.norm() / update.norm() if s["weight_decay"] or s["use_lamb"] else 1.0
            param.sub_(s["lr"] * ratio * update)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"max_grad_norm": None},
        {"max_grad_norm": 100.0},
        {"weight_decay": 0.0},
        {"weight_decay": 0.0, "use_lamb": True},
        {"grad_averaging": False},
        {"bias_correction": False},
        {"betas": (0.5, 0.6), "eps": 0.1},
    ],
)
def test_it_is_lamb(settings: dict[str, Any]) -> None:
    params, others = parameters("hpu"), parameters("cpu")

    run(FusedLamb(params, lr=0.1, **{"max_grad_norm": 1.0, **settings}), params)
    run(Lamb(others, lr=0.1, **settings), others)

    torch.testing.assert_close(on_cpu(params), on_cpu(others))


def test_one_step_by_hand() -> None:
    # Gradient (3, 4) has norm 5, so it is divided by 5 to (0.6, 0.8). Corrected moments give g / (|g| + eps) = (1, 1);
    # with 0.5 * weight that is (2.5, 3), of norm sqrt(15.25); the weight (3, 4) has norm 5.
    weight = torch.nn.Parameter(torch.tensor([3.0, 4.0], device="hpu"))
    weight.grad = torch.tensor([3.0, 4.0], device="hpu")

    FusedLamb([weight], lr=0.01, weight_decay=0.5, eps=0.0).step()

    ratio = 5 / 15.25**0.5
    assert weight.tolist() == pytest.approx([3 - 0.01 * ratio * 2.5, 4 - 0.01 * ratio * 3], rel=1e-6)


def test_zero_weights_with_decay_stay_zero() -> None:
    weight = torch.nn.Parameter(torch.zeros(3, device="hpu"))
    weight.grad = torch.ones(3, device="hpu")

    FusedLamb([weight], lr=1.0, weight_decay=0.01).step()

    assert weight.tolist() == [0.0, 0.0, 0.0]


def test_a_schedule_reads_the_step_in_the_group() -> None:
    params = parameters("hpu")
    optimizer = FusedLamb(params, lr=0.1)

    run(optimizer, params, steps=3)

    assert optimizer.param_groups[0]["step"] == 3
    assert set(optimizer.state[params[0]]) == {"exp_avg", "exp_avg_sq"}


def test_gradients_are_not_changed_and_the_constructors_clipping_counts() -> None:
    params, others = parameters("hpu"), parameters("hpu")
    optimizer, other = FusedLamb(params), FusedLamb(others)
    other.param_groups[0]["max_grad_norm"] = None
    give_gradients(params, 0)
    give_gradients(others, 0)
    before = on_cpu([param.grad for param in params])

    optimizer.step()
    other.step()

    assert all(torch.equal(*pair) for pair in zip(on_cpu([param.grad for param in params]), before, strict=True))
    assert all(torch.equal(*pair) for pair in zip(on_cpu(params), on_cpu(others), strict=True))


def test_its_state_survives_saving() -> None:
    params, others = parameters("hpu"), parameters("hpu")
    optimizer, other = FusedLamb(params, lr=0.1), FusedLamb(others)
    run(optimizer, params, steps=2)
    with torch.no_grad():
        for target, source in zip(others, params, strict=True):
            target.copy_(source)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))

    run(optimizer, params, steps=2, first=2)
    run(other, others, steps=2, first=2)

    assert other.param_groups[0]["step"] == 4
    assert all(torch.equal(*pair) for pair in zip(on_cpu(params), on_cpu(others), strict=True))


def test_parameters_without_gradient_stay_and_none_at_all_is_an_error() -> None:
    params = parameters("hpu")
    optimizer = FusedLamb(params)
    with pytest.raises(RuntimeError, match="cannot be empty"):
        optimizer.step()
    give_gradients(params[:1], 0)
    kept = on_cpu(params[1:])

    optimizer.step()

    assert all(torch.equal(*pair) for pair in zip(on_cpu(params[1:]), kept, strict=True))
    assert params[1] not in optimizer.state


def test_bfloat16_parameters_have_bfloat16_moments() -> None:
    params = parameters("hpu", torch.bfloat16)
    optimizer = FusedLamb(params, lr=0.1, dtype=torch.float32)
    others = parameters("cpu")

    run(optimizer, params, steps=2)
    run(Lamb(others, lr=0.1), others, steps=2)

    assert optimizer.state[params[0]]["exp_avg"].dtype is torch.bfloat16
    torch.testing.assert_close([p.float() for p in on_cpu(params)], on_cpu(others), atol=0.05, rtol=0.05)


def test_it_marks_four_steps_a_group_and_returns_nothing() -> None:
    params = parameters("hpu")
    optimizer = FusedLamb(params)
    give_gradients(params, 0)
    calls: list[int] = []
    counts = counters.start()
    try:
        returned = optimizer.step(lambda: calls.append(1))
    finally:
        counters.stop()

    assert (returned, calls, counts.step_marks) == (None, [1], 4)
    assert not counts.host_reads


def test_zero_grad_takes_no_argument() -> None:
    params = parameters("hpu")
    give_gradients(params, 0)
    FusedLamb(params, set_grad_none=False).zero_grad()
    assert all(param.grad.abs().max().item() == 0 for param in params)

    FusedLamb(params).zero_grad()
    assert all(param.grad is None for param in params)
    with pytest.raises(TypeError):
        FusedLamb(params).zero_grad(set_to_none=True)


def test_what_it_refuses() -> None:
    with pytest.raises(RuntimeError, match="AMSGrad"):
        FusedLamb(parameters("hpu"), amsgrad=True)
    params = parameters("cpu")
    give_gradients(params, 0)
    with pytest.raises(NotImplementedError, match="hpu::optimizer_lamb"):
        FusedLamb(params).step()
