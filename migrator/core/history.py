"""The steps of a stage in order, and where lines stood before them and stand after them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from migrator.core.findings import Finding, LineRange
from migrator.core.linemap import touches
from migrator.core.steps import Step


class History:
    """Answers about a stage's steps, by their numbers in it. Steps on other files cost nothing."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._reads: dict[str, list[int]] = {}
        self._writes: dict[str, list[int]] = {}
        for number, step in enumerate(steps):
            self._reads.setdefault(step.old_path, []).append(number)
            self._writes.setdefault(step.path, []).append(number)

    def before(self, path: str, lines: LineRange, upto: int) -> tuple[str, LineRange]:
        """Where lines stood in the stage's input, given where they stand before step `upto`; "" for a new file."""
        while path and (step := self._last(path, upto)) is not None:
            upto = step
            lines, path = self._steps[step].map.backward(lines), self._steps[step].old_path
        return path, lines

    def after(self, path: str, lines: LineRange, since: int) -> tuple[str, LineRange]:
        """Where lines stand in the stage's output, given where they stand before step `since`."""
        while (step := self._next(path, since)) is not None:
            since = step + 1
            lines, path = self._steps[step].map.forward(lines), self._steps[step].path
        return path, lines

    def standing(self, finding: Finding, since: int) -> Finding | None:
        """The finding at its line in the stage's output; None when a step changed the line so that it is gone."""
        path, lines = finding.file, LineRange(finding.line, 1)
        while (number := self._next(path, since)) is not None:
            since = number + 1
            step = self._steps[number]
            if any(hunk.before.count and touches(lines, hunk.before) for hunk in step.map.hunks):
                if (kept := _kept_line(step, lines, finding.api)) is None:
                    return None
                lines = LineRange(kept, 1)
            else:
                lines = step.map.forward(lines)
            path = step.path
        return replace(finding, file=path, line=lines.start)

    def _last(self, path: str, upto: int) -> int | None:
        numbers = self._writes.get(path, [])
        at = bisect_left(numbers, upto)
        return numbers[at - 1] if at else None

    def _next(self, path: str, since: int) -> int | None:
        numbers = self._reads.get(path, [])
        at = bisect_left(numbers, since)
        return numbers[at] if at < len(numbers) else None


def _kept_line(step: Step, lines: LineRange, api: str) -> int | None:
    """The line on which a changed line's API still stands. What names no API is about the file, and stays."""
    for change in step.changes:
        if change.before.count and touches(lines, change.before):
            texts = change.text_after.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            for number, text in enumerate(texts[: max(1, change.after.count)]):
                if api in text:
                    return change.after.start + number
    return None
