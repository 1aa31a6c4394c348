"""`torch.hpu.Event`: a moment in a stream. Work is done when it is submitted, so every recorded moment has passed."""

from __future__ import annotations

import time
from typing import Any

import torch

from migrator.emulator.counting.counters import note_host_read

__all__ = ["Event"]


class Event(torch.Event):  # type: ignore[misc]
    """Measures time by the host's clock, when made with `enable_timing`."""

    def __new__(cls, enable_timing: bool = False, **options: Any) -> Any:
        """`options` are those of torch's generic events, which have no meaning here."""
        event = super().__new__(cls, device="hpu", enable_timing=enable_timing)
        event.enable_timing = enable_timing
        event.nanoseconds = None
        return event

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """`__new__` has done it."""

    def record(self, stream: Any = None) -> None:
        """Now is the moment."""
        self.nanoseconds = time.perf_counter_ns()

    def wait(self, stream: Any = None) -> None:
        """`stream` need not wait."""

    def query(self) -> bool:
        """Whether all work before it is done: always."""
        return True

    def synchronize(self) -> None:
        """The host waits until it has passed; a host read when counted."""
        note_host_read("synchronize")

    def elapsed_time(self, end_event: Any) -> float:
        """Milliseconds from this event to `end_event`. Raises `RuntimeError` unless both were recorded, with timing."""
        if not (self.enable_timing and end_event.enable_timing):
            raise RuntimeError("Both events must be created with argument 'enable_timing=True'.")
        if self.nanoseconds is None or end_event.nanoseconds is None:
            raise RuntimeError("Both events must be recorded before calculating elapsed time.")
        return float(end_event.nanoseconds - self.nanoseconds) / 1e6

    @property
    def device(self) -> Any:
        """Always hpu:0."""
        return torch.device("hpu", 0)

    @property
    def hpu_event(self) -> int:
        """A number for the event, 0 before it is recorded."""
        return id(self) if self.nanoseconds is not None else 0

    def __repr__(self) -> str:
        """As the bridge prints it."""
        return f"<htorch.hpu.Event {self.hpu_event:#x}>" if self.hpu_event else "<htorch.hpu.Event uninitialized>"
