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

from migrator.emulator.operators.schema import Operator, read_operator
from migrator.emulator.tensors.alias import as_cpu, as_hpu
from migrator.emulator.tensors.traced import is_traced
from migrator.emulator.torch_private.eager import in_transform

_LAYERS = ("lstm", "gru", "rnn_tanh", "rnn_relu")
_CELLS = ("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
_NAMES = (*(f"aten::{each}.{kind}" for each in _LAYERS for kind in ("input", "data")), *(f"aten::{c}" for c in _CELLS))


class _Relabel(torch.autograd.Function):  # type: ignore[misc]
    """What both directions share."""

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing to keep: the other direction is the derivative."""

    @classmethod
    def jvp(cls, ctx: Any, tangent: Any) -> Any:
        return cls.apply(tangent)


class _ToCpu(_Relabel):
    @staticmethod
    def forward(hpu: Any) -> Any:
        return as_cpu(hpu).detach()

    @staticmethod
    def backward(_: Any, grad: Any) -> Any:
        return _ToHpu.apply(grad)


class _ToHpu(_Relabel):
    @staticmethod
    def forward(cpu: Any) -> Any:
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
        to_cpu, to_hpu = (_copy_to_cpu, _copy_to_hpu) if _copies(arguments[0]) else (_ToCpu.apply, _ToHpu.apply)
        batch_sizes = arguments[1] if operator.name.endswith(".data") else None

        def lower(value: Any) -> Any:
            if isinstance(value, list | tuple):
                return [lower(each) for each in value]
            if not isinstance(value, Tensor) or value is batch_sizes:
                return value
            if value.is_cpu:
                raise RuntimeError("Input and parameter tensors are not at the same device, found hpu:0 and cpu")
            return to_cpu(value)

        with torch.autocast("cpu", dtype=torch.get_autocast_dtype("hpu"), enabled=torch.is_autocast_enabled("hpu")):
            out = operator.overload(*map(lower, arguments), **{name: lower(each) for name, each in named.items()})
        return to_hpu(out) if isinstance(out, Tensor) else tuple(map(to_hpu, out))

    return run


def _copies(tensor: Any) -> bool:
    """`torch.func` and torch.compile have no way through a custom function from below; they have one through a copy."""
    return in_transform() or is_traced(tensor)


def _copy_to_cpu(tensor: Any) -> Any:
    return tensor.to("cpu")


def _copy_to_hpu(tensor: Any) -> Any:
    return tensor.to("hpu")
