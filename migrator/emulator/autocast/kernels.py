"""`torch.autocast("hpu")`: kernels above autograd that cast arguments and call the operator again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from migrator.emulator.autocast.lists import Policy, cpu_policies, gaudi_policies
from migrator.emulator.operators.schema import Operator
from migrator.emulator.torch_private.eager import AUTOCAST_KEYS, exclude_keys, nn_linear

Kernel = Callable[..., Any]
_CASTABLE = frozenset({torch.float32, torch.bfloat16, torch.float16})
_cast_weights: dict[int, tuple[Any, Any]] = {}


def install_cache() -> None:
    """Empty the cache of cast weights where torch empties its own, at the end of the outermost autocast."""
    clear = torch.clear_autocast_cache

    def clear_both() -> None:
        _cast_weights.clear()
        clear()

    torch.clear_autocast_cache = clear_both


def autocast_kernels(lists: str) -> Iterator[tuple[str, Kernel]]:
    """Name and kernel of each operator that the chosen lists (`cpu` or `gaudi`) cast."""
    # Gaudi's bridge never caches cast weights, whatever the script asks.
    cast = cast_cached if lists == "cpu" else cast_anew
    for operator, policy in cpu_policies() if lists == "cpu" else gaudi_policies():
        is_linear = operator.name == "aten::linear" and policy is Policy.LOWER
        yield operator.name, _linear(cast) if is_linear else _kernel(operator, policy, cast)


def cast_anew(tensor: Any, dtype: Any) -> Any:
    """`tensor` in `dtype`, when it is an hpu tensor of a type that autocast touches."""
    if tensor.dtype is dtype or tensor.dtype not in _CASTABLE or tensor.is_cpu:
        return tensor
    return tensor.to(dtype)


def cast_cached(tensor: Any, dtype: Any) -> Any:
    """The same, with the casts of float32 leaves to the lower precision kept until autocast ends."""
    if tensor.dtype is dtype or tensor.dtype not in _CASTABLE or tensor.is_cpu:
        return tensor
    if not _is_cached(tensor, dtype):
        return tensor.to(dtype)
    known = _cast_weights.get(id(tensor))
    if known is None:
        known = _cast_weights[id(tensor)] = (tensor, tensor.to(dtype))
    return known[1]


def _is_cached(tensor: Any, dtype: Any) -> bool:
    return (
        tensor.requires_grad
        and tensor.is_leaf
        and tensor.dtype is torch.float32
        and dtype is torch.get_autocast_dtype("hpu")
        and torch.is_autocast_cache_enabled()
        and not tensor._is_view()
    )


def _linear(cast: Kernel) -> Kernel:
    """The operator that models call most, without walking over arguments."""

    def linear(source: Any, weight: Any, bias: Any = None) -> Any:
        dtype = torch.get_autocast_dtype("hpu")
        with exclude_keys(AUTOCAST_KEYS):
            return nn_linear(cast(source, dtype), cast(weight, dtype), None if bias is None else cast(bias, dtype))

    return linear


def _kernel(operator: Operator, policy: Policy, cast: Kernel) -> Kernel:
    call = operator.overload._op
    choose = _CHOICES[policy]

    def run(*arguments: Any, **named: Any) -> Any:
        values = (*arguments, *named.values())
        dtype = choose(values)
        last = 1 if policy is Policy.LOWER_FIRST else len(values)
        with exclude_keys(AUTOCAST_KEYS):
            cast_values = [_walk(each, dtype, cast) if i < last else each for i, each in enumerate(values)]
            count = len(arguments)
            return call(*cast_values[:count], **dict(zip(named, cast_values[count:], strict=True)))

    return run


def _walk(value: Any, dtype: Any, cast: Kernel) -> Any:
    if isinstance(value, Tensor):
        return cast(value, dtype)
    return [_walk(each, dtype, cast) for each in value] if isinstance(value, list | tuple) else value


def _widest(values: Any) -> Any:
    tensors = list(_castable(values))
    return torch.float32 if any(t.dtype is torch.float32 for t in tensors) else torch.get_autocast_dtype("hpu")


def _castable(values: Any) -> Iterator[Any]:
    for each in values:
        if isinstance(each, Tensor) and not each.is_cpu and each.dtype in _CASTABLE:
            yield each
        elif isinstance(each, list | tuple):
            yield from _castable(each)


def _lower_dtype(_: Any) -> Any:
    return torch.get_autocast_dtype("hpu")


def _float32(_: Any) -> Any:
    return torch.float32


_CHOICES: dict[Policy, Kernel] = {
    Policy.LOWER: _lower_dtype,
    Policy.LOWER_FIRST: _lower_dtype,
    Policy.FP32: _float32,
    Policy.PROMOTE: _widest,
}
