"""The course of a run's loss: which of the printed losses, at which steps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from migrator.runtime.losses import Loss, losses_in

# Where a line prints several, the nearest to one step's loss; other names come after these.
_PREFERRED = ("loss", "step_loss", "train_loss", "training_loss", "average_loss")


@dataclass(frozen=True)
class LossSeries:
    """Losses in the order they were printed. `steps` are the trainer's own, or 1, 2, ... where it states none."""

    name: str
    steps: tuple[int, ...]
    values: tuple[float, ...]

    @cached_property
    def finite(self) -> list[tuple[int, float]]:
        """Step and value of the points that are numbers."""
        return [(step, value) for step, value in zip(self.steps, self.values, strict=True) if math.isfinite(value)]

    def summary(self) -> str:
        """First, last, minimum, number of points, and what is not a number, in one line."""
        count = len(self.values)
        points = f"{count} point{'s' if count != 1 else ''}"
        if not self.finite:
            return f"{self.name}: {points}, none of them a finite number"
        (_, first), (_, last) = self.finite[0], self.finite[-1]
        at, least = min(self.finite, key=lambda point: point[1])
        text = f"{self.name}: first {first:.6g}, last {last:.6g}, minimum {least:.6g} at step {at}, {points}"
        if len(self.finite) == count:
            return text
        where = next(step for step, value in zip(self.steps, self.values, strict=True) if not math.isfinite(value))
        return f"{text}, {count - len(self.finite)} not finite (first at step {where})"


class LossLog:
    """Gathers the losses of lines as they come."""

    def __init__(self) -> None:
        self._losses: dict[str, list[Loss]] = {}

    def take(self, line: str) -> None:
        """Read a line."""
        for loss in losses_in(line):
            self._losses.setdefault(loss.name, []).append(loss)

    def series(self) -> LossSeries | None:
        """The loss that was printed most often, of equals the preferred one; None when none was printed."""
        if not self._losses:
            return None
        name = min(self._losses, key=lambda name: (-len(self._losses[name]), _rank(name), name))
        losses = self._losses[name]
        return LossSeries(name, tuple(_steps(losses)), tuple(loss.value for loss in losses))


def longest(candidates: Iterable[LossSeries | None]) -> LossSeries | None:
    """The series with most points, of equals the first."""
    return max((each for each in candidates if each), key=lambda each: len(each.values), default=None)


def _rank(name: str) -> int:
    return _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED)


def _steps(losses: list[Loss]) -> list[int]:
    """The stated steps, unless one is missing or they go back (a new epoch, several processes): then 1, 2, ..."""
    steps = [loss.step for loss in losses if loss.step is not None]
    if len(steps) == len(losses) and steps == sorted(steps):
        return steps
    return list(range(1, len(losses) + 1))
