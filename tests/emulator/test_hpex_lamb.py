"""The emulated FusedLamb against tests/numpy_lamb.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from habana_frameworks.torch.hpex.optimizers import FusedLamb
from tests.emulator.counted import counted
from tests.emulator.hpex_parameters import equal, give_gradients, on_cpu, parameters, run, take_over
from tests.numpy_lamb import NumpyLamb, Settings


def lamb(steps: int, *, use_lamb: bool = False, max_grad_norm: float | None = 1.0, **settings: Any) -> list[Tensor]:
    """The parameters after LAMB with the same gradients, by tests/numpy_lamb.py."""
    weights = [as_float64(param) for param in parameters("cpu")]
    of_each = [Settings(use_nvlamb=use_lamb, **settings)] * len(weights)
    optimizer = NumpyLamb(weights, of_each, max_grad_norm=max_grad_norm)
    for step in range(steps):
        others = parameters("cpu")
        give_gradients(others, step)
        optimizer.step([as_float64(other.grad) for other in others])
    return [torch.from_numpy(weight).float() for weight in weights]


def as_float64(tensor: Tensor) -> NDArray[np.float64]:
    values: NDArray[np.float64] = tensor.detach().double().numpy()
    return values


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
    params = parameters("hpu")

    run(FusedLamb(params, lr=0.1, **settings), params)

    torch.testing.assert_close(on_cpu(params), lamb(4, lr=0.1, **settings))


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

    assert equal([param.grad for param in params], before)
    assert equal(params, others)


def test_its_state_survives_saving() -> None:
    params, others = parameters("hpu"), parameters("hpu")
    other = FusedLamb(others)

    take_over(FusedLamb(params, lr=0.1), other)

    assert other.param_groups[0]["step"] == 4
    assert equal(params, others)


def test_parameters_without_gradient_stay_and_none_at_all_is_an_error() -> None:
    params = parameters("hpu")
    optimizer = FusedLamb(params)
    with pytest.raises(RuntimeError, match="cannot be empty"):
        optimizer.step()
    give_gradients(params[:1], 0)
    kept = on_cpu(params[1:])

    optimizer.step()

    assert equal(params[1:], kept)
    assert params[1] not in optimizer.state


def test_bfloat16_parameters_have_bfloat16_moments() -> None:
    params = parameters("hpu", torch.bfloat16)
    optimizer = FusedLamb(params, lr=0.1, dtype=torch.float32)

    run(optimizer, params, steps=2)

    assert optimizer.state[params[0]]["exp_avg"].dtype is torch.bfloat16
    torch.testing.assert_close([p.float() for p in on_cpu(params)], lamb(2, lr=0.1), atol=0.05, rtol=0.05)


def test_it_marks_four_steps_a_group_and_returns_nothing() -> None:
    params = parameters("hpu")
    optimizer = FusedLamb(params)
    give_gradients(params, 0)
    calls: list[int] = []
    with counted() as counts:
        returned = optimizer.step(lambda: calls.append(1))

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
