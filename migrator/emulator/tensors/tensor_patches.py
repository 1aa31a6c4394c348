"""What `torch.Tensor` does from Python that the device's operators do not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from migrator.emulator.torch_private.eager import TensorBase

_data = TensorBase.data
_takes_data_in_cpp = torch._has_compatible_shallow_copy_type


def install() -> None:
    """Patch `.data`, pinning, copying and pickling, and let `module.to` keep the identity of parameters."""
    # `module.to` asks, and sets a parameter's data or makes a new parameter.
    torch._has_compatible_shallow_copy_type = _takes_data_of
    Tensor.data = property(_data.__get__, _set_data)
    Tensor.pin_memory = _pin
    Tensor.is_pinned = _is_pinned
    # Python takes an object's state for pickle past `tensor.__dict__`; both ends of what torch does then.
    names = ((Tensor, "__reduce_ex__"), (Parameter, "__reduce_ex__"), (Tensor, "_clear_non_serializable_cached_data"))
    for owner, name in names:
        setattr(owner, name, _without_alias(getattr(owner, name)))


def _takes_data_of(input: Any, from_: Any) -> bool:  # noqa: A002 - torch.compile compares the names with its own
    """On a real card a parameter made before `module.to("hpu")` stays the optimizer's, as between the CPU and CUDA."""
    places = {input.device.type, from_.device.type}
    dense = input.layout is from_.layout is torch.strided
    return (dense and places == {"cpu", "hpu"}) or bool(_takes_data_in_cpp(input, from_))


def _set_data(tensor: Any, value: Any) -> None:
    if tensor.device.type == value.device.type or "hpu" not in (tensor.device.type, value.device.type):
        tensor._cpu_alias = None
        _data.__set__(tensor, value)
        return
    # C++ refuses to change the device of a tensor; swapping keeps its identity all the same.
    moved = value.detach()
    if isinstance(tensor, Parameter):
        moved = Parameter(moved, tensor.requires_grad)
    elif tensor.requires_grad:
        moved.requires_grad_()
    torch.utils.swap_tensors(tensor, moved)


def _pin(tensor: Any, device: Any = None) -> Any:
    """Pinned host memory is CPU memory that says so."""
    if not tensor.is_cpu:
        raise RuntimeError(f"cannot pin '{tensor.type()}' only dense CPU tensors can be pinned")
    if _is_pinned(tensor):
        return tensor
    pinned = tensor.clone()
    pinned.untyped_storage()._hpu_pinned = True
    return pinned


def _is_pinned(tensor: Any, device: Any = None) -> bool:
    return bool(tensor.is_cpu) and "_hpu_pinned" in tensor.untyped_storage().__dict__


def _without_alias(method: Callable[..., Any]) -> Callable[..., Any]:
    """The alias is a cache of this object, which a copy must not take along."""

    def wrapped(tensor: Any, *arguments: Any, **named: Any) -> Any:
        vars(tensor)  # drops it, see alias.install
        return method(tensor, *arguments, **named)

    return wrapped
