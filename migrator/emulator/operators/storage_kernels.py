"""Kernels that give a tensor its storage: written by hand, since they need both labels of the memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, UntypedStorage

from migrator.emulator.counting.counters import note_host_read
from migrator.emulator.device import CPU, check_index
from migrator.emulator.tensors.alias import as_cpu, as_hpu, hpu_storage
from migrator.emulator.torch_private.eager import CPU_KEYS

_set = torch.library.get_kernel("aten::set_.source_Storage_storage_offset", "CPU").call_boxed
_copy = torch.ops.aten.copy_.default._op
# As it is before this package patches it (pinned_factories).
_empty = torch.empty
_item = torch.ops.aten._local_scalar_dense.default._op
_to_copy = torch.ops.aten._to_copy.default._op


def empty(
    size: Any,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
    memory_format: Any = None,
) -> Any:
    """`aten::empty.memory_format`."""
    check_index(device)
    if memory_format is None:
        return as_hpu(_empty(size, dtype=dtype, layout=layout, device=CPU))
    return as_hpu(_empty(size, dtype=dtype, layout=layout, device=CPU, memory_format=memory_format))


def empty_strided(
    size: Any, stride: Any, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: Any = None
) -> Any:
    """`aten::empty_strided`."""
    check_index(device)
    return as_hpu(torch.empty_strided(size, stride, dtype=dtype, layout=layout, device=CPU))


def zero_tensor(size: Any, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: Any = None) -> Any:
    """`aten::_efficientzerotensor`: zeros with memory, since an alias needs some."""
    check_index(device)
    return as_hpu(torch.zeros(size, dtype=dtype, device=CPU))


def copy(target: Any, source: Any, non_blocking: bool = False) -> Any:
    """`aten::copy_`, between the devices too."""
    to, start = target._cpu_alias, source._cpu_alias
    if to is None:
        to = as_cpu(target)
        if target.is_cpu and not source.is_cpu:
            note_host_read("copy to cpu")
    _copy(to, as_cpu(source) if start is None else start)
    return target


def to_copy(
    source: Any,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
    non_blocking: bool = False,
    memory_format: Any = None,
) -> Any:
    """`aten::_to_copy` of an hpu tensor, to either device."""
    check_index(device)
    start = source._cpu_alias
    if start is None:
        start = as_cpu(source)
    if device is not None and device.type == "cpu":
        note_host_read("copy to cpu")
        return _to_copy(start, dtype=dtype, layout=layout, memory_format=memory_format)
    if device is not None and device.type != "hpu":
        return torch.ops.aten._to_copy(
            start, dtype=dtype, layout=layout, device=device, non_blocking=non_blocking, memory_format=memory_format
        )
    if memory_format is None and layout is None:
        return as_hpu(_to_copy(start, dtype=dtype))
    return as_hpu(_to_copy(start, dtype=dtype, layout=layout, memory_format=memory_format))


def item(tensor: Any) -> Any:
    """`aten::_local_scalar_dense`: the host reads one value."""
    note_host_read("item")
    return _item(as_cpu(tensor))


def resize(tensor: Any, size: Any, memory_format: Any = None) -> Any:
    """`aten::resize_`."""
    cpu = as_cpu(tensor)
    cpu.resize_(size) if memory_format is None else cpu.resize_(size, memory_format=memory_format)
    return _take(tensor, hpu_storage(cpu.untyped_storage()), cpu.storage_offset(), cpu.shape, cpu.stride())


def set_empty(tensor: Any) -> Any:
    """`aten::set_`: no elements."""
    return _take(tensor, hpu_storage(UntypedStorage(0, device=CPU)), 0, [0], [1])


def set_storage(tensor: Any, storage: Any) -> Any:
    """`aten::set_.source_Storage`: all of the storage, in one dimension."""
    return _take(tensor, storage, 0, [storage.nbytes() // tensor.dtype.itemsize], [1])


def set_strided(tensor: Any, storage: Any, offset: int, size: Any, stride: Any = ()) -> Any:
    """`aten::set_.source_Storage_storage_offset`."""
    contiguous = stride or torch.empty(size, device="meta").stride()
    return _take(tensor, storage, offset, size, contiguous)


def set_tensor(tensor: Any, source: Any) -> Any:
    """`aten::set_.source_Tensor`."""
    return _take(tensor, source.untyped_storage(), source.storage_offset(), source.shape, source.stride())


def _take(tensor: Tensor, storage: Any, offset: int, size: Any, stride: Any) -> Any:
    if storage.device.type != "hpu":
        raise RuntimeError(f"Expected a storage on hpu:0, but it is on {storage.device}")
    _set(CPU_KEYS, tensor, storage, offset, size, stride)
    tensor._cpu_alias = None
    return tensor


KERNELS = {
    "aten::empty.memory_format": empty,
    "aten::empty_strided": empty_strided,
    "aten::_efficientzerotensor": zero_tensor,
    "aten::copy_": copy,
    "aten::_to_copy": to_copy,
    "aten::_local_scalar_dense": item,
    "aten::resize_": resize,
    "aten::set_": set_empty,
    "aten::set_.source_Storage": set_storage,
    "aten::set_.source_Storage_storage_offset": set_strided,
    "aten::set_.source_Tensor": set_tensor,
}
