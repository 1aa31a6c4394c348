"""Storages made, resized, sliced, read or written from Python.

torch's C++ side has no allocator for the device and would take address zero (deepcopy and `torch.load` make storages
so); and an hpu storage's bytes are those of the CPU storage below it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import UntypedStorage
from torch.storage import TypedStorage

from migrator.emulator.device import CPU, check_index
from migrator.emulator.tensors.alias import hpu_storage
from migrator.emulator.tensors.memory import recount_storage

_new = UntypedStorage.__new__
_nbytes = UntypedStorage.nbytes
_resize = UntypedStorage.resize_
_getitem = UntypedStorage.__getitem__
_new_empty = UntypedStorage.new
_write = UntypedStorage._write_file
_read = UntypedStorage._set_from_file
_reduce = TypedStorage.__reduce__


def install() -> None:
    """Patch the two storage classes."""
    UntypedStorage.__new__ = staticmethod(_make)
    UntypedStorage.nbytes = UntypedStorage.size = _size
    UntypedStorage.resize_ = _resized
    UntypedStorage.__getitem__ = _part
    UntypedStorage.new = _empty
    UntypedStorage._write_file = _write_below
    UntypedStorage._set_from_file = _read_below
    TypedStorage.__reduce__ = _reduced


def _below(storage: Any) -> Any:
    """The CPU storage with the bytes; a storage of another device is returned as it is."""
    return storage.__dict__.get("_cpu_storage", storage)


def _make(cls: Any, *arguments: Any, device: Any = None, **named: Any) -> Any:
    if device is None:
        return _new(cls, *arguments, **named)
    wanted = torch.device(device)
    if wanted.type != "hpu":
        return _new(cls, *arguments, device=device, **named)
    check_index(wanted)
    return hpu_storage(_new(UntypedStorage, *arguments, device=CPU, **named))


def _size(storage: Any) -> Any:
    return _nbytes(_below(storage))


def _resized(storage: Any, size: int) -> Any:
    below = _below(storage)
    _resize(below, size)
    if below is not storage:
        recount_storage(below._hpu_storage, size)
    return storage


def _part(storage: Any, index: Any) -> Any:
    below = _below(storage)
    found = _getitem(below, index)
    return hpu_storage(found) if isinstance(index, slice) and below is not storage else found


def _empty(storage: Any) -> Any:
    return _new_empty(storage) if _below(storage) is storage else _make(UntypedStorage, 0, device="hpu")


def _write_below(storage: Any, *arguments: Any) -> Any:
    return _write(_below(storage), *arguments)


def _read_below(storage: Any, *arguments: Any) -> Any:
    _read(_below(storage), *arguments)
    return storage


def _reduced(storage: Any) -> Any:
    """Plain pickle (torch.save has its own way): the CPU bytes, relabelled when read back."""
    untyped = storage._untyped_storage
    below = _below(untyped)
    if below is untyped:
        return _reduce(storage)
    plain = TypedStorage(wrap_storage=below, dtype=storage.dtype, _internal=True)
    return rebuild_storage, (plain, storage.dtype)


def rebuild_storage(plain: Any, dtype: Any) -> Any:
    """The hpu storage over a CPU storage that pickle read."""
    return TypedStorage(wrap_storage=hpu_storage(plain._untyped_storage), dtype=dtype, _internal=True)
