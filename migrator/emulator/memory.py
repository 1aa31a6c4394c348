"""Bytes of tensors on the device, allocated now and at most.

Counting starts with the first question: storages alive by then are found and counted, and from then on each new one
is. Until then a storage costs nothing more, and the peak is not known. Bytes are those of storages, without the
rounding of a real card's allocator.
"""

from __future__ import annotations

import gc
import weakref
from typing import Any

from torch import UntypedStorage

from migrator.emulator import alias

_UNCOUNTED = alias.label_storage


class _Bytes:
    now = 0
    peak = 0


class _Counted(weakref.ref):  # type: ignore[type-arg]
    """A weak reference that knows the size of what it stood for."""

    __slots__ = ("nbytes",)
    nbytes: int


_alive: set[_Counted] = set()


def memory_allocated(device: object = None) -> int:
    """Bytes of the storages alive on the device."""
    _count()
    return _Bytes.now


def max_memory_allocated(device: object = None) -> int:
    """The most that `memory_allocated` would have said since counting started or the peak was reset."""
    _count()
    return _Bytes.peak


def reset_peak_memory_stats(device: object = None) -> None:
    """The peak starts again at what is allocated now."""
    _count()
    _Bytes.peak = _Bytes.now


def _count() -> None:
    if alias.label_storage is not _UNCOUNTED:
        return
    alias.label_storage = _label_and_count
    for found in gc.get_objects():
        if type(found) is UntypedStorage and "_cpu_storage" in found.__dict__:
            _add(found)


def _label_and_count(cpu: Any) -> Any:
    storage = _UNCOUNTED(cpu)
    _add(storage)
    return storage


def _add(storage: Any) -> None:
    reference = _Counted(storage, _remove)
    reference.nbytes = storage.nbytes()
    _alive.add(reference)
    _Bytes.now += reference.nbytes
    _Bytes.peak = max(_Bytes.peak, _Bytes.now)


def _remove(reference: _Counted) -> None:
    _alive.discard(reference)
    _Bytes.now -= reference.nbytes
