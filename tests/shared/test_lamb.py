"""patches/shared/lamb.py against tests/numpy_lamb.py."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.numpy_lamb import NumpyLamb, Settings
from tests.shared.training import SHAPES, STEPS, Arrays, compare, start, take, tensors

torch = pytest.importorskip("torch")

OPTIONS = {
    "lr": 0.02,
    "betas": (0.9, 0.999),
    "eps": 1e-6,
    "weight_decay": 0.01,
    "bias_correction": True,
    "grad_averaging": True,
    "adam_w_mode": True,
    "use_nvlamb": False,
    "max_grad_norm": 1.0,
}


@pytest.fixture(scope="module")
def lamb(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("lamb")


def gradients() -> list[Arrays]:
    """Norms from far below 1 to far above, and a tensor that is 0 for some steps."""
    random = np.random.default_rng(1)
    steps = [[random.normal(size=s) * 10.0 ** (n % 5 - 3) for s in SHAPES] for n in range(STEPS)]
    return [[(g * (n > 3 or i != 1)).astype(np.float32) for i, g in enumerate(step)] for n, step in enumerate(steps)]


def reference(groups: list[tuple[list[int], dict[str, Any]]]) -> Arrays:
    """The parameters after all steps, in double precision; each group has its members and its options."""
    weights = [p.astype(np.float64) for p in start()]
    (largest_norm,) = {options["max_grad_norm"] for _, options in groups}
    by_member = {i: settings(options) for members, options in groups for i in members}
    lamb = NumpyLamb(weights, [by_member[i] for i in range(len(weights))], max_grad_norm=largest_norm)
    for step in gradients():
        lamb.step([g.astype(np.float64) for g in step])
    return weights


def settings(options: dict[str, Any]) -> Settings:
    return Settings(**{name: value for name, value in options.items() if name != "max_grad_norm"})


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"max_grad_norm": None},
        {"max_grad_norm": 0.0},
        {"max_grad_norm": 1e-3},
        {"bias_correction": False},
        {"weight_decay": 0.0},
        {"weight_decay": 0.0, "use_nvlamb": True},
        {"weight_decay": 0.3, "adam_w_mode": False},
        {"grad_averaging": False},
        {"betas": (0.8, 0.9), "eps": 1e-3, "lr": 0.1},
    ],
    ids=str,
)
def test_twenty_steps(lamb: ModuleType, changed: dict[str, Any]) -> None:
    options = {**OPTIONS, **changed}
    params = tensors()
    take(lamb.FusedLAMB(params, **options), params, gradients())
    compare(params, reference([([0, 1, 2, 3], options)]))


def test_groups_and_defaults(lamb: ModuleType) -> None:
    params = tensors()
    groups = [{"params": params[:2]}, {"params": params[2:], "weight_decay": 0.0, "lr": 0.5, "bias_correction": False}]
    take(lamb.FusedLAMB(groups), params, gradients())
    first = {**OPTIONS, "lr": 1e-3}
    second = {**first, "weight_decay": 0.0, "lr": 0.5, "bias_correction": False}
    compare(params, reference([([0, 1], first), ([2, 3], second)]))


def test_a_learning_rate_that_changes(lamb: ModuleType) -> None:
    params = tensors()
    optimizer = lamb.FusedLAMB(params, **OPTIONS)
    take(optimizer, params, gradients()[:10])
    before = [p.detach().clone() for p in params]
    optimizer.param_groups[0]["lr"] = 0.0
    take(optimizer, params, gradients()[10:])
    assert all(torch.equal(p, b) for p, b in zip(params, before, strict=True))


def test_gradients_keep_their_values(lamb: ModuleType) -> None:
    params = tensors()
    take(lamb.FusedLAMB(params), params, gradients()[:1])
    assert all(np.array_equal(p.grad.numpy(), g) for p, g in zip(params, gradients()[0], strict=True))


def test_parameters_without_gradients_stay_and_the_group_counts_on(lamb: ModuleType) -> None:
    params = tensors()
    optimizer = lamb.FusedLAMB(params)
    optimizer.step()
    params[0].grad = torch.ones_like(params[0])
    optimizer.step()
    assert optimizer.param_groups[0]["step"] == 2
    assert [len(optimizer.state[p]) for p in params if p in optimizer.state] == [2]
    assert all(np.array_equal(p.detach().numpy(), w) for p, w in zip(params[1:], start()[1:], strict=True))


def test_a_gradient_that_is_no_number_spoils_its_own_tensor_alone(lamb: ModuleType) -> None:
    params = tensors()
    take(lamb.FusedLAMB(params), params, [[np.full(s, np.nan if i == 0 else 1.0) for i, s in enumerate(SHAPES)]])
    assert [bool(torch.isfinite(p).all()) for p in params] == [False, True, True, True]


def test_the_checkpoint_is_laid_out_as_that_of_apex(lamb: ModuleType) -> None:
    params = tensors()
    optimizer = lamb.FusedLAMB(params, **{k: v for k, v in OPTIONS.items() if k not in ("adam_w_mode", "use_nvlamb")})
    take(optimizer, params, gradients()[:3])
    saved = optimizer.state_dict()
    assert set(saved["state"]) == {0, 1, 2, 3}
    assert all(set(state) == {"exp_avg", "exp_avg_sq"} for state in saved["state"].values())
    assert saved["param_groups"][0]["step"] == 3
    known = {"lr", "bias_correction", "betas", "eps", "weight_decay", "grad_averaging", "max_grad_norm", "step"}
    assert known <= set(saved["param_groups"][0])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_going_on_from_a_checkpoint(lamb: ModuleType, dtype: str) -> None:
    params = tensors(getattr(torch, dtype))
    optimizer = lamb.FusedLAMB(params, **OPTIONS)
    take(optimizer, params, gradients()[:8])
    again = [torch.nn.Parameter(p.detach().clone()) for p in params]
    resumed = lamb.FusedLAMB(again)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    take(optimizer, params, gradients()[8:])
    take(resumed, again, gradients()[8:])
    assert all(torch.equal(p, q) for p, q in zip(params, again, strict=True))


def test_a_checkpoint_with_steps_in_the_states(lamb: ModuleType) -> None:
    params = tensors()
    optimizer = lamb.FusedLAMB(params, **OPTIONS)
    take(optimizer, params, gradients()[:2])
    saved = copy.deepcopy(optimizer.state_dict())
    for state in saved["state"].values():
        state["step"] = 7
    saved["param_groups"][0]["step"] = 7
    optimizer.load_state_dict(saved)
    take(optimizer, params, gradients()[2:3])
    assert optimizer.param_groups[0]["step"] == 8


def test_short_parameters_are_updated_at_full_precision(lamb: ModuleType) -> None:
    params, wide = tensors(torch.bfloat16), [p.detach().float() for p in tensors(torch.bfloat16)]
    wide = [torch.nn.Parameter(p) for p in wide]
    steps = [[torch.from_numpy(g).bfloat16().float().numpy() for g in step] for step in gradients()[:1]]
    for some in (params, wide):
        take(lamb.FusedLAMB(some, **OPTIONS), some, steps)
    assert all(torch.equal(p, w.bfloat16()) for p, w in zip(params, wide, strict=True))


def test_states_of_short_parameters_are_float32(lamb: ModuleType) -> None:
    params = tensors(torch.bfloat16)
    optimizer = lamb.FusedLAMB(params)
    take(optimizer, params, gradients()[:2])
    assert {value.dtype for state in optimizer.state.values() for value in state.values()} == {torch.float32}


@pytest.mark.parametrize("to_none", [True, False])
def test_zero_grad(lamb: ModuleType, to_none: bool) -> None:
    params = tensors()
    optimizer = lamb.FusedLAMB(params, set_grad_none=to_none)
    take(optimizer, params, gradients()[:1])
    optimizer.zero_grad()
    assert [p.grad is None for p in params] == [to_none] * len(params)
    assert to_none or not any(p.grad.any() for p in params)


def test_a_closure_works_out_the_gradients(lamb: ModuleType) -> None:
    params = tensors()
    optimizer = lamb.FusedLAMB(params)

    def closure() -> Any:
        loss = sum((p**2).sum() for p in params)
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == pytest.approx(sum(float((p**2).sum()) for p in start()))
    assert not np.array_equal(params[0].detach().numpy(), start()[0])


def test_what_apex_refuses(lamb: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="AMSGrad"):
        lamb.FusedLAMB(tensors(), amsgrad=True)
    params = tensors()
    params[0].grad = torch.ones_like(params[0]).to_sparse()
    with pytest.raises(RuntimeError, match="sparse"):
        lamb.FusedLAMB(params).step()
