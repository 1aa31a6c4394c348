"""`torch.hpu.Stream`: queues of work. All work is done at once, in the order of the program, whatever its stream."""

from __future__ import annotations

import itertools
import threading
from types import TracebackType
from typing import Any

import torch

from migrator.emulator.counting.counters import note_host_read
from migrator.emulator.device import card_index
from migrator.emulator.torch_hpu.events import Event
from migrator.emulator.torch_private.eager import DeviceType

__all__ = [
    "Stream",
    "StreamContext",
    "current_stream",
    "default_stream",
    "get_stream_info",
    "record_stream",
    "set_stream",
    "stream",
]

_numbers = itertools.count(1)


class Stream(torch.Stream):  # type: ignore[misc]
    """A stream of its own number; `device` and `priority` have no meaning, as in the bridge."""

    def __new__(cls, device: Any = None, priority: int = 0, *, stream_id: int | None = None, **known: Any) -> Any:
        """A new stream, or the one called `stream_id`."""
        card_index(device)
        number = next(_numbers) if stream_id is None else stream_id
        made = super().__new__(cls, stream_id=number, device_index=0, device_type=DeviceType.PrivateUse1.value)
        made.priority = priority
        return made

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """`__new__` has done it."""

    @property
    def hpu_stream(self) -> int:
        """Its number."""
        return int(self.stream_id)

    def id(self) -> int:
        """Its number."""
        return int(self.stream_id)

    def query(self) -> bool:
        """Whether all its work is done: always."""
        return True

    def synchronize(self) -> None:
        """The host waits for its work; a host read when counted."""
        note_host_read("synchronize")

    def wait_event(self, event: Any) -> None:
        """Later work need not wait: the event has passed."""
        event.wait(self)

    def wait_stream(self, stream: Any) -> None:
        """Later work need not wait: the other stream's work is done."""

    def record_event(self, event: Any = None) -> Any:
        """`event`, or a new one, recorded now."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def __enter__(self) -> Any:
        """It is the current stream until the end."""
        self.before = current_stream()
        set_stream(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """The one before is again."""
        set_stream(self.before)

    def __repr__(self) -> str:
        """As the bridge prints it."""
        return f"<torch.hpu.Stream device={self.device} hpu_stream={self.hpu_stream:#x}>"


class StreamContext:
    """`with torch.hpu.stream(s):`; nothing changes when `s` is `None`."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        """It is the current stream until the end."""
        if self.stream is not None:
            self.before = current_stream()
            set_stream(self.stream)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """The one before is again."""
        if self.stream is not None:
            set_stream(self.before)


stream = StreamContext
_default = Stream(stream_id=0)


class _Current(threading.local):
    stream = _default


_current = _Current()


def current_stream(device: Any = None) -> Any:
    """This thread's current stream."""
    card_index(device)
    return _current.stream


def default_stream(device: Any = None) -> Any:
    """The stream that every thread begins with."""
    card_index(device)
    return _default


def set_stream(stream: Any) -> None:
    """Make it this thread's current stream; `None` changes nothing."""
    if stream is not None:
        _current.stream = stream


def get_stream_info(stream: Any) -> tuple[int, int, int]:
    """Its number, its device's index and its device's type."""
    return stream.stream_id, stream.device_index, stream.device_type


def record_stream(tensor: Any, stream: Any) -> None:
    """Keep a tensor's memory until `stream` is done with it; it always is."""
    if not isinstance(stream, torch.Stream):
        raise TypeError(f"record_stream(): argument 'stream' must be a stream, not {type(stream).__name__}")
