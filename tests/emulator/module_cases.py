"""torch's own database of modules (module_db): each against the CPU, training and not, with contiguous inputs and not.

Outputs and the gradients of parameters and inputs are compared to the last bit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.testing import make_tensor
from torch.testing._internal.common_modules import module_db
from torch.utils._pytree import tree_leaves, tree_map, tree_map_only

from tests.emulator.opinfo import SEED, Case, NotMeasuredError, compare, differentiable, leaf, outcome, to_hpu


def module_cases() -> list[Case]:
    """The modules that a CPU has in float32."""
    chosen = [info for info in module_db if torch.float32 in info.dtypes]
    return [Case(info.name, functools.partial(_check, info)) for info in chosen]


def _check(info: Any) -> None:
    # Samples of fractional pooling hold float64 numbers whatever they are asked for.
    if not _measure(info, torch.float32) and not _measure(info, torch.float64):
        raise NotMeasuredError(info.name)


def _measure(info: Any, dtype: torch.dtype) -> int:
    measured = 0
    for training in (True, False):
        torch.manual_seed(0)
        for each in info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training):
            if each.forward_input is None:
                continue
            make = functools.partial(_make, info.module_cls, each.constructor_input, training)
            inputs = (each.forward_input.args, each.forward_input.kwargs)
            measured += _compare(make, inputs) + _compare(make, tree_map_only(Tensor, _spread, inputs))
    return measured


def _make(kind: type[nn.Module], given: Any, training: bool) -> nn.Module:
    """The same weights at each call; a copy would not do, since hooks of lazy modules stay with the original."""
    torch.manual_seed(0)
    return kind(*given.args, **given.kwargs).train(training)


def _compare(make: Callable[[], nn.Module], inputs: Any) -> bool:
    expected = outcome(lambda: _train(make(), tree_map(leaf, inputs)))
    actual = outcome(lambda: _train(make().to("hpu"), tree_map(to_hpu, inputs)))
    compare(expected, actual)
    return not expected.error


def _train(module: nn.Module, inputs: Any) -> Any:
    torch.manual_seed(SEED)
    args, kwargs = inputs
    out = module(*args, **kwargs)
    leaves = [each for each in (*module.parameters(), *tree_leaves(inputs)) if differentiable(each) and each.is_leaf]
    sums = [each.abs().sum() for each in tree_leaves(out) if differentiable(each)]
    gradients = torch.autograd.grad(sums, leaves, allow_unused=True) if sums and leaves else ()
    return out, gradients, dict(module.named_buffers())


def _spread(value: Tensor) -> Tensor:
    """The same values in every other element of memory."""
    if not value.dim() or not value.numel():
        return value
    wide = make_tensor((*value.shape, 2), dtype=value.dtype, device="cpu")
    wide[..., 0] = value.detach()
    return wide[..., 0].detach().requires_grad_(value.requires_grad)
