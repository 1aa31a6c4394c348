"""Storages made or resized from Python.

torch's C++ side has no allocator for the device and would take address zero (deepcopy and `torch.load` make storages
so); and an hpu storage's bytes are those of the CPU storage below it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import UntypedStorage
from torch.storage import TypedStorage

from migrator.emulator.alias import hpu_storage
from migrator.emulator.device import CPU, check_index

_new = UntypedStorage.__new__
_nbytes = UntypedStorage.nbytes
_resize = UntypedStorage.resize_
_reduce = TypedStorage.__reduce__


def install() -> None:
    """Patch the two storage classes."""
    UntypedStorage.__new__ = staticmethod(_make)
    UntypedStorage.nbytes = UntypedStorage.size = _size
    UntypedStorage.resize_ = _resized
    TypedStorage.__reduce__ = _reduced


def _make(cls: Any, *arguments: Any, device: Any = None, **named: Any) -> Any:
    if device is None:
        return _new(cls, *arguments, **named)
    wanted = torch.device(device)
    if wanted.type != "hpu":
        return _new(cls, *arguments, device=device, **named)
    check_index(wanted)
    return hpu_storage(_new(UntypedStorage, *arguments, device=CPU, **named))


def _size(storage: Any) -> Any:
    below = storage.__dict__.get("_cpu_storage")
    return _nbytes(storage if below is None else below)


def _resized(storage: Any, size: int) -> Any:
    below = storage.__dict__.get("_cpu_storage")
    if below is None:
        return _resize(storage, size)
    _resize(below, size)
    return storage


def _reduced(storage: Any) -> Any:
    """Plain pickle (torch.save has its own way): the CPU bytes, relabelled when read back."""
    untyped = storage._untyped_storage
    below = untyped.__dict__.get("_cpu_storage")
    if below is None:
        return _reduce(storage)
    plain = TypedStorage(wrap_storage=below, dtype=storage.dtype, _internal=True)
    return rebuild_storage, (plain, storage.dtype)


def rebuild_storage(plain: Any, dtype: Any) -> Any:
    """The hpu storage over a CPU storage that pickle read."""
    return TypedStorage(wrap_storage=hpu_storage(plain._untyped_storage), dtype=dtype, _internal=True)
