"""The emulated FusedAdamW against torch's AdamW and against its formula."""

from __future__ import annotations

import inspect
import math
from typing import Any

import pytest
import torch

from habana_frameworks.torch.hpex.optimizers import FusedAdamW
from habana_frameworks.torch.hpex.optimizers.distributed import FusedAdamW as Distributed
from tests.emulator.counted import counted
from tests.emulator.hpex_parameters import equal, give_gradients, on_cpu, parameters, run, take_over

SETTINGS: dict[str, Any] = {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}


def torch_adamw(steps: int, settings: dict[str, Any]) -> list[torch.Tensor]:
    """torch adds eps to the corrected root: the same after dividing it by the correction, step by step."""
    params = parameters("cpu")
    optimizer = torch.optim.AdamW(params, **settings, foreach=False)
    for step in range(steps):
        give_gradients(params, step)
        optimizer.param_groups[0]["eps"] = settings["eps"] / math.sqrt(1 - settings["betas"][1] ** (step + 1))
        optimizer.step()
    return on_cpu(params)


def test_it_is_adamw_with_eps_beside_the_uncorrected_root() -> None:
    params = parameters("hpu")

    run(FusedAdamW(params, **SETTINGS), params)

    torch.testing.assert_close(on_cpu(params), torch_adamw(4, SETTINGS))


def test_without_bias_correction_one_step_is_the_formula() -> None:
    params = parameters("hpu")
    before = on_cpu(params)
    give_gradients(params, 0)
    gradients = on_cpu([param.grad for param in params])

    FusedAdamW(params, lr=0.1, bias_correction=False).step()

    for after, weight, gradient in zip(on_cpu(params), before, gradients, strict=True):
        step = 0.1 * gradient / ((0.001 * gradient**2).sqrt() + 1e-6)
        torch.testing.assert_close(after, weight - 0.1 * step)


def test_defaults_are_gaudis() -> None:
    names = inspect.signature(FusedAdamW).parameters

    assert list(names) == ["params", "lr", "betas", "eps", "weight_decay", "bias_correction", "moments_dtype"]
    assert [names[name].default for name in ("lr", "eps", "weight_decay", "bias_correction")] == [1e-3, 1e-6, 0.0, True]


def test_steps_are_counted_in_the_group_and_parameters_without_gradient_stay() -> None:
    params = parameters("hpu")
    optimizer = FusedAdamW(params)
    give_gradients(params, 0)
    params[1].grad = None
    kept = params[1].detach().clone()

    optimizer.step()
    optimizer.step()

    assert optimizer.param_groups[0]["step"] == 2
    assert optimizer.state[params[0]]["step"] == 0
    assert params[1] not in optimizer.state
    assert torch.equal(params[1].cpu(), kept.cpu())


def test_a_group_without_gradients_counts_no_step() -> None:
    optimizer = FusedAdamW(parameters("hpu"))

    optimizer.step()

    assert "step" not in optimizer.param_groups[0]


def test_its_state_survives_saving() -> None:
    params, others = parameters("hpu"), parameters("hpu")

    saved = take_over(FusedAdamW(params, **SETTINGS), FusedAdamW(others))

    assert set(saved["state"][0]) == {"step", "exp_avg", "exp_avg_sq"}
    assert saved["param_groups"][0]["step"] == 2
    assert equal(params, others)


def test_a_checkpoint_of_torchs_begins_to_count_anew() -> None:
    params = parameters("hpu")
    theirs = torch.optim.AdamW(params)
    run(theirs, params, steps=3)
    optimizer = FusedAdamW(params)
    optimizer.load_state_dict(theirs.state_dict())

    run(optimizer, params, steps=1)

    assert optimizer.param_groups[0]["step"] == 1


def test_old_checkpoints_say_correct_bias() -> None:
    optimizer = FusedAdamW(parameters("hpu"), lr=0.5)
    group = optimizer.param_groups[0]
    group["step"] = 1
    del group["bias_correction"]

    assert optimizer.step_size(group) == pytest.approx(0.5 * math.sqrt(0.001) / 0.1)
    assert optimizer.step_size({**group, "correct_bias": False}) == 0.5


def test_a_schedule_and_a_closure_work() -> None:
    params = parameters("hpu")
    optimizer = FusedAdamW(params, lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.0)
    give_gradients(params, 0)

    assert optimizer.step(lambda: 7) == 7
    schedule.step()
    after = on_cpu(params)
    optimizer.step()

    assert equal(params, after)


@pytest.mark.parametrize("moments", [None, torch.float32, (torch.bfloat16, torch.float32)])
def test_bfloat16_parameters(moments: Any) -> None:
    params, wide = parameters("hpu", torch.bfloat16), parameters("cpu", torch.bfloat16)
    optimizer = FusedAdamW(params, **SETTINGS, moments_dtype=moments)
    first, second = moments if isinstance(moments, tuple) else (moments or torch.bfloat16,) * 2

    run(optimizer, params)
    run(torch.optim.AdamW(wide, **SETTINGS, foreach=False), wide)

    assert optimizer.state[params[0]]["exp_avg"].dtype is first
    assert optimizer.state[params[0]]["exp_avg_sq"].dtype is second
    assert params[0].dtype is torch.bfloat16
    torch.testing.assert_close(on_cpu(params), on_cpu(wide), atol=0.03, rtol=0.03)


def test_float32_parameters_may_have_bfloat16_moments() -> None:
    params, others = parameters("hpu"), parameters("hpu")
    optimizer = FusedAdamW(params, **SETTINGS, moments_dtype=torch.bfloat16)
    other = FusedAdamW(others, **SETTINGS)

    run(optimizer, params)
    run(other, others)

    torch.testing.assert_close(on_cpu(params), on_cpu(others), atol=0.01, rtol=0.01)
    for name in ("exp_avg", "exp_avg_sq"):
        moments = [each.state[param][name].cpu() for each, (param, *_) in ((optimizer, params), (other, others))]
        assert moments[0].dtype is torch.bfloat16
        torch.testing.assert_close(moments[0].float(), moments[1], atol=0.02, rtol=0.02)


def test_the_decay_is_rounded_to_the_weights_type() -> None:
    # 80 * 0.997 is 79.76; bfloat16 has 79.5 and 80 there. 0.997 itself is 0.99609375 in bfloat16.
    weight = torch.nn.Parameter(torch.tensor([80.0], dtype=torch.bfloat16, device="hpu"))
    weight.grad = torch.zeros_like(weight)

    FusedAdamW([weight], lr=1.0, weight_decay=0.003).step()

    assert weight.item() == 79.5


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"lr": -1}, ValueError),
        ({"betas": (1.0, 0.9)}, ValueError),
        ({"betas": (0.9, -0.1)}, ValueError),
        ({"eps": -1e-6}, ValueError),
        ({"moments_dtype": (torch.float8_e4m3fn, torch.float8_e5m2)}, NotImplementedError),
    ],
)
@pytest.mark.parametrize("kind", [FusedAdamW, Distributed])
def test_settings_out_of_range(kind: Any, settings: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        kind(parameters("hpu"), **settings)


def test_it_marks_steps_and_reads_nothing_back() -> None:
    params = parameters("hpu")
    optimizer = FusedAdamW([{"params": params[:1]}, {"params": params[1:]}])
    give_gradients(params, 0)
    with counted() as counts:
        optimizer.step()

    assert counts.step_marks == 3
    assert not counts.host_reads


def test_the_distributed_one_is_given_gradients() -> None:
    params, others = parameters("hpu"), parameters("hpu")
    optimizer = Distributed(params, **SETTINGS)
    plain = FusedAdamW(others, **SETTINGS)
    for step in range(3):
        give_gradients(others, step)
        optimizer.step([other.grad.clone() for other in others])
        plain.step()

    assert equal(params, others)
    assert optimizer.state[params[0]]["step"] == 3


def test_the_distributed_one_wants_as_many_gradients_as_parameters() -> None:
    optimizer = Distributed(parameters("hpu"))

    with pytest.raises(ValueError, match="Gradients length: 1"):
        optimizer.step([None])
    with pytest.raises(IndexError):
        optimizer.step([None, None, None])
    with pytest.raises(RuntimeError, match="step_param"):
        optimizer.step_param(None, None)
    with pytest.raises(ValueError, match="empty parameter list"):
        Distributed([])
