"""`torch.hpu.FloatTensor` and its like: constructors of the old style, and names for `isinstance` and `tensor.type`.

The bridge's are classes whose constructor copies data to the device (release 1.19, hpu/__init__.py).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = [
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
]


class _TensorType(type(Tensor)):  # type: ignore[misc]
    """`isinstance(t, torch.hpu.FloatTensor)`: any tensor of the type on the device."""

    dtype: Any

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.device.type == "hpu" and instance.dtype is cls.dtype


def _tensor_type(name: str, dtype: Any) -> Any:
    def construct(cls: Any, *arguments: Any, **named: Any) -> Any:
        if named.setdefault("device", "hpu") not in ("hpu", torch.device("hpu"), torch.device("hpu", 0)):
            raise RuntimeError(f"legacy constructor expects device type: hpu but device type: {named['device']}")
        if named.setdefault("dtype", dtype) is not dtype:
            raise RuntimeError(f"legacy constructor expects dtype: {dtype} but dtype: {named['dtype']} was passed")
        return torch.tensor(*arguments, **named)

    return _TensorType(name, (Tensor,), {"__new__": construct, "dtype": dtype, "__module__": "torch.hpu"})


BFloat16Tensor = _tensor_type("BFloat16Tensor", torch.bfloat16)
BoolTensor = _tensor_type("BoolTensor", torch.bool)
ByteTensor = _tensor_type("ByteTensor", torch.uint8)
CharTensor = _tensor_type("CharTensor", torch.int8)
DoubleTensor = _tensor_type("DoubleTensor", torch.float64)
FloatTensor = _tensor_type("FloatTensor", torch.float32)
HalfTensor = _tensor_type("HalfTensor", torch.float16)
IntTensor = _tensor_type("IntTensor", torch.int32)
LongTensor = _tensor_type("LongTensor", torch.int64)
ShortTensor = _tensor_type("ShortTensor", torch.int16)
