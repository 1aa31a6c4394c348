"""How long a search may go on: by counted work, which is the same on every machine, and by a clock."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Of a search: `pivots` of the simplex method times the number of lengths, `additions` in the tables of the best
    rows, `dives` for whole rows, and `seconds`.

    The counts are what ends a search by default: each is worth about 10 seconds. The seconds are a hard stop, and what
    they end depends on the machine.
    """

    seconds: float = 30.0
    pivots: float = 2e8
    additions: float = 1e10
    dives: int = 60


class Work:
    """What is left of the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._deadline = time.perf_counter() + limits.seconds
        self._pivots = limits.pivots
        self._additions = limits.additions
        self._dives = limits.dives
        self.stopped_by_clock = False

    def pivots_left(self, lengths: int) -> int:
        """Of a program with so many lengths; whole, and never below 0."""
        return max(0, int(self._pivots / max(1, lengths)))

    @property
    def seconds_left(self) -> float:
        """Never below 0."""
        return max(0.0, self._deadline - time.perf_counter())

    def count(self, *, pivots: float = 0, additions: float = 0, dives: int = 0) -> None:
        """Done and paid for."""
        self._pivots -= pivots
        self._additions -= additions
        self._dives -= dives

    def rest(self) -> Work:
        """What is left, to be used and counted apart."""
        return Work(Limits(self.seconds_left, self._pivots, self._additions, self._dives))

    def charge(self, other: Work) -> None:
        """Count what that one was used for."""
        limits = other._limits
        self.count(
            pivots=limits.pivots - other._pivots,
            additions=limits.additions - other._additions,
            dives=limits.dives - other._dives,
        )

    def clock_ended(self) -> None:
        """To be said by whatever gave up for the time, so that a result can tell."""
        self.stopped_by_clock = True

    def done(self) -> bool:
        """Whether a search that would go on must not; the counts are asked first, since they do not vary."""
        if min(self._pivots, self._additions, self._dives) <= 0:
            return True
        if self.seconds_left <= 0:
            self.clock_ended()
        return self.stopped_by_clock
