"""What the rules fused-optimizer and fused-clip-norm put in the place of plain PyTorch takes the same steps."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
import torch

from habana_frameworks.torch.hpex.normalization import FusedClipNorm
from habana_frameworks.torch.hpex.optimizers import FusedAdamW, FusedLamb
from migrator.resources import package_data
from tests.emulator.hpex_parameters import equal, give_gradients, on_cpu, parameters, run, take_over

STEPS = 20


def plain(module: str, name: str) -> Any:
    """A class of patches/shared."""
    path = package_data() / "patches" / "shared" / f"{module}.py"
    spec = importlib.util.spec_from_file_location(module, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return getattr(loaded, name)


def lambs(**settings: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    fused = {"use_lamb" if name == "use_nvlamb" else name: value for name, value in settings.items()}
    fused["max_grad_norm"] = settings.get("max_grad_norm", 1.0) or None
    return (
        lambda params: plain("lamb", "FusedLAMB")(params, lr=0.01, **settings),
        lambda params: FusedLamb(params, lr=0.01, **fused),
    )


def adams(**settings: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return (
        lambda params: plain("fused_adam", "FusedAdam")(params, lr=0.01, bias_correction=False, **settings),
        lambda params: FusedAdamW(params, lr=0.01, bias_correction=False, **{"eps": 1e-8, **settings}),
    )


PAIRS = [
    lambs(),
    lambs(max_grad_norm=0.1),
    lambs(max_grad_norm=0),
    lambs(weight_decay=0.0),
    lambs(weight_decay=0.0, use_nvlamb=True),
    lambs(grad_averaging=False, bias_correction=False),
    adams(),
    adams(weight_decay=0.1, eps=1e-6),
]


@pytest.mark.parametrize("pair", PAIRS)
def test_the_same_steps(pair: tuple[Callable[..., Any], Callable[..., Any]]) -> None:
    before, after = parameters("hpu"), parameters("hpu")

    run(pair[0](before), before, STEPS)
    run(pair[1](after), after, STEPS)

    torch.testing.assert_close(on_cpu(after), on_cpu(before), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("pair", PAIRS)
def test_checkpoints_of_the_plain_class_load(pair: tuple[Callable[..., Any], Callable[..., Any]]) -> None:
    before, after = parameters("hpu"), parameters("hpu")

    take_over(pair[0](before), pair[1](after))

    torch.testing.assert_close(on_cpu(after), on_cpu(before), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("pair", PAIRS)
def test_and_the_plain_class_loads_those_of_the_fused_one(
    pair: tuple[Callable[..., Any], Callable[..., Any]],
) -> None:
    before, after = parameters("hpu"), parameters("hpu")

    take_over(pair[1](after), pair[0](before))

    torch.testing.assert_close(on_cpu(before), on_cpu(after), rtol=2e-6, atol=2e-6)


def test_zero_weights_with_decay_are_the_difference() -> None:
    before, after = ([torch.nn.Parameter(torch.zeros(3).to("hpu"))] for _ in range(2))
    first, second = (make(params) for make, params in zip(lambs(), (before, after), strict=True))

    run(first, before, steps=1)
    run(second, after, steps=1)

    assert float(before[0].detach().cpu().abs().max()) > 0
    assert float(after[0].detach().cpu().abs().max()) == 0


@pytest.mark.parametrize(("largest", "ulps"), [(1.0, 0), (0.5, 2), (2.5, 2), (0.1, 2), (1000.0, 0)])
def test_clipping_by_one_is_the_same_to_the_last_bit(largest: float, ulps: int) -> None:
    for step in range(5):
        before = parameters("hpu")
        give_gradients(before, step)
        after = copy.deepcopy(before)
        for old, new in zip(before, after, strict=True):
            assert old.grad is not None
            new.grad = old.grad.clone()

        norm = torch.nn.utils.clip_grad_norm_(before, largest)
        fused = FusedClipNorm(after, largest).clip_norm(param for param in after)

        found, wanted = ([param.grad for param in params] for params in (after, before))
        assert torch.equal(fused.cpu().reshape(()), norm.cpu())
        assert ulps or equal(found, wanted)
        torch.testing.assert_close(on_cpu(found), on_cpu(wanted), rtol=ulps * 2.0**-23, atol=0.0)
