"""Bytes of tensors on the device, allocated now and at most.

Every storage of the device is counted from its making to its end. Bytes are those of storages, without the rounding
and the pools of a real card's allocator; nothing runs out of memory here.
"""

from __future__ import annotations

import weakref
from typing import Any


class _Totals:
    """Of this process. Each `+=` is one step for other threads: its right side makes no call."""

    now = 0
    peak = 0
    largest = 0
    allocations = 0
    frees = 0


class _Counted(weakref.ref):  # type: ignore[type-arg]
    """A weak reference to a storage that knows how many bytes it is counted with."""

    __slots__ = ("nbytes",)
    nbytes: int


_alive: set[_Counted] = set()


def count_storage(storage: Any, nbytes: int) -> _Counted:
    """Count a new storage of `nbytes` bytes until it is gone. The result is a weak reference to it."""
    reference = _Counted(storage, _remove)
    reference.nbytes = nbytes
    _alive.add(reference)
    _Totals.allocations += 1
    _Totals.now = now = _Totals.now + nbytes  # `_grow`, in line: this runs for every tensor
    if now > _Totals.peak:  # noqa: PLR1730 - no call between reading and writing
        _Totals.peak = now
    if nbytes > _Totals.largest:  # noqa: PLR1730 - likewise
        _Totals.largest = nbytes
    return reference


def recount_storage(reference: _Counted, nbytes: int) -> None:
    """The storage behind `reference` has another size now."""
    if reference in _alive:
        change = nbytes - reference.nbytes
        reference.nbytes = nbytes
        _grow(change)


def _grow(nbytes: int) -> None:
    _Totals.now += nbytes
    now = _Totals.now
    if now > _Totals.peak:  # noqa: PLR1730 - no call between reading and writing
        _Totals.peak = now
    if nbytes > _Totals.largest:  # noqa: PLR1730 - likewise
        _Totals.largest = nbytes


def _remove(reference: _Counted) -> None:
    _alive.discard(reference)
    nbytes = reference.nbytes
    _Totals.now -= nbytes
    _Totals.frees += 1


def bytes_in_use() -> int:
    """Bytes of the storages alive on the device."""
    return _Totals.now


def peak_bytes() -> int:
    """The most that `bytes_in_use` would have said since the start or since `reset_peak`."""
    return _Totals.peak


def allocations() -> tuple[int, int, int]:
    """Storages made and gone since the start or since `reset_counts`, and the bytes of the largest one."""
    return _Totals.allocations, _Totals.frees, _Totals.largest


def reset_peak() -> None:
    """The peak starts again at what is allocated now."""
    _Totals.peak = _Totals.now


def reset_counts() -> None:
    """Numbers of storages made and gone start again at zero."""
    _Totals.allocations = _Totals.frees = _Totals.largest = 0
