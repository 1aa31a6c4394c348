"""What a run did that costs time on a real card: reads of device values by the host, and step marks.

Nothing is counted, and nothing slows down, until `start()`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

_PACKAGE = str(Path(__file__).parent)


@dataclass(frozen=True)
class HostRead:
    """The host waited for a value of the device: what read it, and the user's line."""

    kind: str
    file: str
    line: int


@dataclass
class Counts:
    """Counted since `start()`."""

    host_reads: list[HostRead] = field(default_factory=list)
    step_marks: int = 0


_running: list[Counts] = []


def start() -> Counts:
    """Count from now on, from zero. The result fills up while the program runs."""
    _running[:] = [Counts()]
    return _running[0]


def stop() -> None:
    """Count no more."""
    _running.clear()


def is_counting() -> bool:
    """Whether anything is counted."""
    return bool(_running)


def note_host_read(kind: str) -> None:
    """Called by each kernel whose result the host has to wait for."""
    if _running:
        file, line = _users_line()
        _running[0].host_reads.append(HostRead(kind, file, line))


def mark_step() -> None:
    """End the graph of this step: counted here; nothing is ever pending on this device."""
    if _running:
        _running[0].step_marks += 1


def _users_line() -> tuple[str, int]:
    """File and line of the innermost frame outside torch and this package; empty in a thread of autograd's."""
    torch_folder = str(Path(sys.modules["torch"].__file__ or "").parent)
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith((torch_folder, _PACKAGE, "<hpu kernel")):
        frame = frame.f_back  # type: ignore[assignment]
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)
