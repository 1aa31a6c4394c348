"""Recurrent layers, run whole on the CPU aliases.

On a PrivateUse1 device torch would take fused cells that a backend has to write, with other roundings than the CPU's.
Here two differentiable relabellings stand around the CPU's operator: forward gives a tensor the other label, backward
gives its gradient the other one back. Gradients of any order then come from the CPU's own formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from migrator.emulator.alias import as_cpu, as_hpu
from migrator.emulator.schema import Operator, read_operator

_LAYERS = ("lstm", "gru", "rnn_tanh", "rnn_relu")
_CELLS = ("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
_NAMES = (*(f"aten::{each}.{kind}" for each in _LAYERS for kind in ("input", "data")), *(f"aten::{c}" for c in _CELLS))


class _ToCpu(torch.autograd.Function):  # type: ignore[misc]
    @staticmethod
    def forward(_: Any, hpu: Any) -> Any:
        return as_cpu(hpu).detach()

    @staticmethod
    def backward(_: Any, grad: Any) -> Any:
        return _ToHpu.apply(grad)


class _ToHpu(torch.autograd.Function):  # type: ignore[misc]
    @staticmethod
    def forward(_: Any, cpu: Any) -> Any:
        return as_hpu(cpu.detach())

    @staticmethod
    def backward(_: Any, grad: Any) -> Any:
        return _ToCpu.apply(grad)


def recurrent_kernels() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Name and kernel of each recurrent operator, for the key of the device's autograd."""
    for name in _NAMES:
        operator = read_operator(name)
        if operator is not None:
            yield name, _kernel(operator)


def _kernel(operator: Operator) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        with torch.autocast("cpu", dtype=torch.get_autocast_dtype("hpu"), enabled=torch.is_autocast_enabled("hpu")):
            out = operator.overload(*map(_lower, arguments), **{name: _lower(each) for name, each in named.items()})
        return _ToHpu.apply(out) if isinstance(out, Tensor) else tuple(map(_ToHpu.apply, out))

    return run


def _lower(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value if value.is_cpu else _ToCpu.apply(value)
    return [_lower(each) for each in value] if isinstance(value, list | tuple) else value
