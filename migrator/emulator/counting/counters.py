"""What a run did that costs time on a real card: reads of device values by the host, step marks, and new graphs.

Nothing is counted, and nothing slows down, until `start()`. The device's kernels are as they were then; `start()` puts
others in their place that also note what ran (operators/recording.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from migrator.emulator.counting.frames import responsible_place
from migrator.emulator.counting.graphs import GraphLog, NewGraph


@dataclass(frozen=True)
class HostRead:
    """The host waited for a value of the device: what read it, and the user's line.

    In one of autograd's threads that is the line which waits for backward. The file is empty where there is none.
    """

    kind: str
    file: str
    line: int


@dataclass
class Counts:
    """Counted since `start()`: host reads, each with how often; step marks; graphs not seen before."""

    host_reads: Counter[HostRead] = field(default_factory=Counter)
    step_marks: int = 0
    library_step_marks: int = 0  # those among them that fused optimizers, norms and averages made themselves
    graphs: GraphLog = field(default_factory=GraphLog)

    @property
    def new_graphs(self) -> list[NewGraph]:
        """In the order in which they were closed."""
        return self.graphs.new

    @property
    def any_work(self) -> bool:
        """Whether the device did anything."""
        return bool(self.host_reads or self.step_marks or self.graphs.steps or self.graphs.pending)


_running: list[Counts] = []
_last: list[Counts] = []
# What else begins and ends with counting.
_switches: list[tuple[Callable[[], None], Callable[[], None]]] = []


def start() -> Counts:
    """Count from now on, from zero. The result fills up while the program runs."""
    was_running = bool(_running)
    _running[:] = _last[:] = [Counts()]
    if not was_running:
        for begin, _ in _switches:
            begin()
    return _running[0]


def stop() -> None:
    """Count no more."""
    if _running:
        _running.clear()
        for _, end in _switches:
            end()


def add_switch(begin: Callable[[], None], end: Callable[[], None]) -> None:
    """Have `begin` called when counting starts, at once when it has, and `end` when it stops."""
    _switches.append((begin, end))
    if _running:
        begin()


def is_counting() -> bool:
    """Whether anything is counted."""
    return bool(_running)


def counts() -> Counts | None:
    """What is counted now."""
    return _running[0] if _running else None


def note_host_read(kind: str) -> None:
    """Called by each kernel whose result the host has to wait for."""
    if _running:
        _running[0].host_reads[HostRead(kind, *responsible_place())] += 1


def mark_step() -> None:
    """End the graph of this step: counted here; nothing is ever pending on this device."""
    if _running:
        _running[0].step_marks += 1
        _running[0].graphs.close(responsible_place())


def note_library_mark() -> None:
    """The step mark just made was not the user's own."""
    if _running:
        _running[0].library_step_marks += 1


def end_of_step() -> None:
    """End the graph at an optimizer step, where nobody marks steps."""
    if _running:
        _running[0].graphs.close(responsible_place())


def report() -> dict[str, Any]:
    """The counts of the last `start()`, for JSON; all zero before one. Host reads come the most frequent first."""
    found = _last[0] if _last else Counts()
    reads = ({**asdict(read), "count": count} for read, count in found.host_reads.items())
    return {
        "host_reads": sorted(reads, key=lambda row: (-row["count"], row["file"], row["line"], row["kind"])),
        "step_marks": found.step_marks,
        "library_step_marks": found.library_step_marks,
        "graphs": {
            "steps": found.graphs.steps,
            "operators": found.graphs.operators + found.graphs.pending,
            "unfinished_operators": found.graphs.pending,
            "new": [asdict(each) for each in found.new_graphs],
        },
    }
