"""One memory, two labels: an hpu tensor and a CPU tensor over the same bytes.

An hpu storage is made from the address of a CPU storage and keeps it alive as `_cpu_storage`; the CPU storage points
back weakly as `_hpu_storage`. An hpu tensor caches the CPU tensor over its bytes as `_cpu_alias`. Views, in-place
operations and saved tensors then work by themselves. Whatever changes a tensor's sizes, strides or storage in place
must drop the cache (`check_aliases` of `activate()` finds who does not).
"""

from __future__ import annotations

import gc
from typing import Any

import torch
from torch import Tensor, UntypedStorage

from migrator.emulator.device import CPU, HPU
from migrator.emulator.tensors.memory import count_storage
from migrator.emulator.torch_private.eager import CPU_KEYS, empty_hpu_tensor, storage_at

_set = torch.library.get_kernel("aten::set_.source_Storage_storage_offset", "CPU").call_boxed
_conj = torch.ops.aten._conj.default._op
_neg = torch.ops.aten._neg_view.default._op
_attributes = vars(Tensor)["__dict__"]
_EMPTY = [0]
# As they are before this package patches them (pinned_factories, storage_patches): a call less for each tensor.
_empty = torch.empty
_nbytes = UntypedStorage.nbytes


def label_storage(cpu: Any) -> Any:
    """A new hpu storage over the bytes of the CPU storage `cpu`."""
    nbytes = _nbytes(cpu)
    hpu = storage_at(cpu.data_ptr(), HPU, nbytes)
    hpu._cpu_storage = cpu
    cpu._hpu_storage = count_storage(hpu, nbytes)
    return hpu


def hpu_storage(cpu: Any) -> Any:
    """The hpu storage over `cpu`'s bytes: the present one unless `cpu` was resized or moved since."""
    reference = cpu.__dict__.get("_hpu_storage")
    if reference is not None:
        hpu = reference()
        if hpu is not None and hpu.data_ptr() == cpu.data_ptr() and hpu.nbytes() == cpu.nbytes():
            return hpu
    return label_storage(cpu)


def as_hpu(cpu: Any) -> Any:
    """The hpu tensor over a CPU tensor's bytes, same sizes, strides and conj and neg bits. `None` stays `None`."""
    if cpu is None:
        return None
    storage = cpu.untyped_storage()
    labelled = label_storage(storage) if "_hpu_storage" not in storage.__dict__ else hpu_storage(storage)
    dtype = cpu.dtype
    hpu = empty_hpu_tensor(_EMPTY, dtype)
    _set(CPU_KEYS, hpu, labelled, cpu.storage_offset(), cpu.shape, cpu.stride())
    if dtype.is_complex and cpu.is_conj():
        hpu = _conj(hpu)
    if cpu.is_neg():
        hpu = _neg(hpu)
    hpu._cpu_alias = cpu
    return hpu


def as_cpu(tensor: Any) -> Any:
    """The CPU tensor over an hpu tensor's bytes; a CPU tensor is returned as it is."""
    alias = tensor._cpu_alias
    if alias is not None or tensor.is_cpu:
        return tensor if alias is None else alias
    if tensor._is_zerotensor():
        return torch.zeros(tensor.shape, dtype=tensor.dtype, device=CPU)
    alias = fresh_alias(tensor)
    tensor._cpu_alias = alias
    return alias


def fresh_alias(hpu: Any) -> Any:
    """A new CPU tensor over the bytes of `hpu`."""
    cpu_storage = hpu.untyped_storage().__dict__.get("_cpu_storage")
    if cpu_storage is None:
        if hpu.device.type != "hpu":
            raise RuntimeError(f"no emulated kernel for tensors on {hpu.device}")
        if hpu.numel():
            raise RuntimeError("an hpu tensor without memory: its storage was not made by the emulated device")
        return torch.empty_strided(hpu.shape, hpu.stride(), dtype=hpu.dtype, device=CPU)
    alias = _empty(0, dtype=hpu.dtype, device=CPU)
    _set(CPU_KEYS, alias, cpu_storage, hpu.storage_offset(), hpu.shape, hpu.stride())
    if hpu.is_complex() and hpu.is_conj():
        alias = _conj(alias)
    return _neg(alias) if hpu.is_neg() else alias


def follow_alias(hpu: Any, cpu: Any) -> None:
    """Give `hpu` the sizes, strides and storage that a CPU kernel gave to its alias, as for `out=`."""
    if hpu.is_cpu or (hpu.shape == cpu.shape and hpu.stride() == cpu.stride()):
        return
    _set(CPU_KEYS, hpu, hpu_storage(cpu.untyped_storage()), cpu.storage_offset(), cpu.shape, cpu.stride())
    hpu._cpu_alias = cpu


def install(check_aliases: bool) -> None:
    """Give every tensor the cache, validated at each read when `check_aliases`."""
    # Programs copy `tensor.__dict__` to other tensors, which must not get this one's cache: reading it drops the cache.
    # A class's own `__dict__` entry cannot be assigned, only put into the dictionary below the class's view of it.
    gc.get_referents(vars(Tensor))[0]["__dict__"] = property(_without_alias, _attributes.__set__)
    # An assignment also makes Python forget what it knew of the class.
    Tensor._cpu_alias = property(_checked_alias, _store_alias) if check_aliases else None


def _without_alias(tensor: Any) -> dict[str, Any]:
    attributes: dict[str, Any] = _attributes.__get__(tensor)
    attributes.pop("_cpu_alias", None)
    return attributes


def _store_alias(tensor: Any, alias: Any) -> None:
    _attributes.__get__(tensor)["_cpu_alias"] = alias


def _checked_alias(tensor: Any) -> Any:
    alias = _attributes.__get__(tensor).get("_cpu_alias")
    if alias is not None and _layout(alias) != _layout(tensor):
        raise AssertionError(f"stale CPU alias: the tensor has {_layout(tensor)}, its alias {_layout(alias)}")
    return alias


def _layout(tensor: Any) -> tuple[Any, ...]:
    storage: UntypedStorage = tensor.untyped_storage()
    owner = storage.__dict__.get("_cpu_storage", storage)
    place = (tensor.storage_offset(), owner.data_ptr()) if tensor.numel() else ()
    return (tensor.dtype, tensor.shape, tensor.stride(), tensor.is_neg(), tensor.is_conj(), *place)
