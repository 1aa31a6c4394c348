"""A bar for each phase of packing, with its rate and the time left: on standard error, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import Task, TaskID
    from rich.text import Text

    from migrator.packing.progress import Progress

_UNITS = {"checksums": "files", "counting": "rows"}  # of phases that count something else


@contextmanager
def packing_progress(silent_after: Mapping[str, str] | None = None, unit: str = "sequences") -> Iterator[Progress]:
    """Show what is told to the yielded function; nothing where nobody watches.

    `silent_after` names the phase that follows another one and says nothing of itself.
    """
    from migrator.packing.progress import unheard  # noqa: PLC0415

    if not sys.stderr.isatty():
        yield unheard
        return
    with _bars(unit) as bars:
        yield _Phases(bars, silent_after or {})


def _bars(unit: str) -> Bars:
    from rich import progress  # noqa: PLC0415 - only where it is shown
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    class Rate(progress.ProgressColumn):
        """So many a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f} {_UNITS.get(task.description, unit)}/s" if speed else "")

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        Rate(),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


class _Phases:
    """One bar after the other."""

    def __init__(self, bars: Bars, silent_after: Mapping[str, str]) -> None:
        self._bars = bars
        self._silent_after = silent_after
        self._phase = ""
        self._task: TaskID | None = None

    def __call__(self, phase: str, done: int, total: int) -> None:
        if phase != self._phase:
            self._begin(phase, total)
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=total)
        if done >= total and phase in self._silent_after:
            self._begin(self._silent_after[phase], None)

    def _begin(self, phase: str, total: int | None) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._phase, self._task = phase, self._bars.add_task(phase, total=total)
