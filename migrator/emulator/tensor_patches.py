"""What `torch.Tensor` does from Python that the device's operators do not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from migrator.emulator.torch_private import TensorBase

_data = TensorBase.data


def install() -> None:
    """Patch `.data`, pinning, copying and pickling, and let `module.to` keep the identity of parameters."""
    # On a real card a parameter made before `module.to("hpu")` stays the optimizer's. With torch's default way,
    # which swaps data between compatible devices only, it would become another object here.
    torch.__future__.set_swap_module_params_on_conversion(True)
    Tensor.data = property(_data.__get__, _set_data)
    Tensor.pin_memory = _pin
    Tensor.is_pinned = _is_pinned
    for owner in (Tensor, Parameter):
        for name in ("__deepcopy__", "__reduce_ex__"):
            setattr(owner, name, _without_alias(getattr(owner, name)))


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
    """The alias is a cache of this object; a copy must not take it along."""

    def wrapped(tensor: Any, *arguments: Any, **named: Any) -> Any:
        tensor.__dict__.pop("_cpu_alias", None)
        return method(tensor, *arguments, **named)

    return wrapped
