"""patches/shared/fused_adam.py against Adam written down in NumPy at double precision, and against torch's own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.shared.training import SHAPES, STEPS, Arrays, compare, start, take, tensors

torch = pytest.importorskip("torch")

OPTIONS = {
    "lr": 0.02,
    "betas": (0.9, 0.999),
    "eps": 1e-8,
    "weight_decay": 0.01,
    "bias_correction": True,
    "adam_w_mode": True,
    "eps_inside_sqrt": False,
    "max_grad_norm": 0.0,
    "correct_step": False,
}


@pytest.fixture(scope="module")
def adam(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("fused_adam")


def gradients() -> list[Arrays]:
    random = np.random.default_rng(1)
    return [[(random.normal(size=s) * 10.0 ** (n % 4 - 2)).astype(np.float32) for s in SHAPES] for n in range(STEPS)]


def reference(groups: list[tuple[list[int], dict[str, Any]]]) -> Arrays:
    """The parameters after all steps, in double precision."""
    weights = [p.astype(np.float64) for p in start()]
    m, v = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    for t, step in enumerate(gradients(), 1):
        for members, o in groups:
            norm, limit = (
                np.sqrt(sum(float((step[i].astype(np.float64) ** 2).sum()) for i in members)),
                o["max_grad_norm"],
            )
            scale = max(1.0, (norm + 1e-6) / limit) if limit > 0 else 1.0
            beta1, beta2 = o["betas"]
            c1, c2 = (1 - beta1**t, 1 - beta2**t) if o["bias_correction"] else (1.0, 1.0)
            rate = o["lr"]
            if o["correct_step"]:
                c1, c2, rate = 1.0, 1.0, rate * np.sqrt(c2) / c1
            for i in members:
                decayed = o["weight_decay"] * weights[i]
                g = step[i].astype(np.float64) / scale + (0.0 if o["adam_w_mode"] else decayed)
                m[i] = beta1 * m[i] + (1 - beta1) * g
                v[i] = beta2 * v[i] + (1 - beta2) * g**2
                below = np.sqrt(v[i] / c2 + o["eps"]) if o["eps_inside_sqrt"] else np.sqrt(v[i] / c2) + o["eps"]
                weights[i] = weights[i] - rate * (m[i] / c1 / below + (decayed if o["adam_w_mode"] else 0.0))
    return weights


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"bias_correction": False},
        {"bias_correction": False, "max_grad_norm": 1.0},
        {"weight_decay": 0.0},
        {"weight_decay": 0.2, "adam_w_mode": False},
        {"eps": 1e-3, "eps_inside_sqrt": True},
        {"eps": 1e-3, "correct_step": True},
        {"eps": 1e-3, "correct_step": True, "eps_inside_sqrt": True, "max_grad_norm": 0.1},
    ],
    ids=str,
)
def test_twenty_steps(adam: ModuleType, changed: dict[str, Any]) -> None:
    options = {**OPTIONS, **changed}
    params = tensors()
    take(adam.FusedAdam(params, **options), params, gradients())
    compare(params, reference([([0, 1, 2, 3], options)]))


def test_groups_are_clipped_each_by_itself(adam: ModuleType) -> None:
    params = tensors()
    groups = [{"params": params[:1]}, {"params": params[1:], "weight_decay": 0.0, "lr": 0.5}]
    take(adam.FusedAdam(groups, bias_correction=False, max_grad_norm=0.5), params, gradients())
    first = {**OPTIONS, "lr": 1e-3, "weight_decay": 0.0, "bias_correction": False, "max_grad_norm": 0.5}
    compare(params, reference([([0], first), ([1, 2, 3], {**first, "lr": 0.5})]))


@pytest.mark.parametrize("decoupled", [True, False])
def test_the_plain_one_is_that_of_torch(adam: ModuleType, decoupled: bool) -> None:
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    params, others = tensors(), tensors()
    take(adam.FusedAdam(params, weight_decay=0.1, adam_w_mode=decoupled), params, gradients())
    take(kind(others, weight_decay=0.1), others, gradients())
    compare(params, [p.detach().double().numpy() for p in others])


def test_the_order_of_arguments_is_that_of_apex(adam: ModuleType) -> None:
    params = tensors()
    optimizer = adam.FusedAdam(params, 0.1, False, (0.8, 0.9), 1e-4, False, 0.3, False, False, True, True)
    group = optimizer.param_groups[0]
    names = ("lr", "bias_correction", "betas", "eps", "weight_decay")
    assert [group[name] for name in names] == [0.1, False, (0.8, 0.9), 1e-4, 0.3]
    assert (optimizer.adam_w_mode, optimizer.set_grad_none, optimizer.master_weights) == (False, False, True)


def test_master_weights_keep_what_short_parameters_lose(adam: ModuleType) -> None:
    params = [torch.nn.Parameter(torch.ones(4, dtype=torch.bfloat16)) for _ in range(2)]
    optimizer = adam.FusedAdam(params[:1], lr=1e-4, master_weights=True)
    plain = adam.FusedAdam(params[1:], lr=1e-4)
    for _ in range(100):
        for p in params:
            p.grad = torch.ones_like(p)
        optimizer.step()
        plain.step()
    assert params[0][0].item() == pytest.approx(0.99, abs=4e-3)
    assert params[1][0].item() == 1.0  # each step alone is less than half of what bfloat16 tells apart


@pytest.mark.parametrize("master", [True, False])
def test_going_on_from_a_checkpoint(adam: ModuleType, master: bool) -> None:
    params = tensors(torch.bfloat16)
    optimizer = adam.FusedAdam(params, weight_decay=0.1, master_weights=master)
    take(optimizer, params, gradients()[:8])
    again = [torch.nn.Parameter(p.detach().clone()) for p in params]
    resumed = adam.FusedAdam(again, master_weights=master)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    take(optimizer, params, gradients()[8:])
    take(resumed, again, gradients()[8:])
    assert all(torch.equal(p, q) for p, q in zip(params, again, strict=True))


def test_the_checkpoint_is_laid_out_as_that_of_apex(adam: ModuleType) -> None:
    params = tensors()
    optimizer = adam.FusedAdam(params)
    take(optimizer, params, gradients()[:3])
    saved = optimizer.state_dict()
    assert all(set(state) == {"exp_avg", "exp_avg_sq"} for state in saved["state"].values())
    assert saved["param_groups"][0]["step"] == 3


@pytest.mark.parametrize("to_none", [True, False])
def test_zero_grad(adam: ModuleType, to_none: bool) -> None:
    params = tensors()
    optimizer = adam.FusedAdam(params, set_grad_none=to_none)
    take(optimizer, params, gradients()[:1])
    optimizer.zero_grad()
    assert [p.grad is None for p in params] == [to_none] * len(params)


def test_a_closure_and_parameters_without_gradients(adam: ModuleType) -> None:
    params = tensors()
    optimizer = adam.FusedAdam(params)

    def closure() -> Any:
        loss = (params[0] ** 2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == pytest.approx(float((start()[0] ** 2).sum()))
    assert [p in optimizer.state for p in params] == [True, False, False, False]


def test_what_apex_refuses(adam: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="AMSGrad"):
        adam.FusedAdam(tensors(), amsgrad=True)
    params = tensors()
    params[0].grad = torch.ones_like(params[0]).to_sparse()
    with pytest.raises(RuntimeError, match="sparse"):
        adam.FusedAdam(params).step()
