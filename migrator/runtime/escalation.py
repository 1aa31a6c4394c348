"""Ending a trainer that was asked to: what to send next, and when. Pure: times come from the caller, in seconds."""

from __future__ import annotations

import signal
from dataclasses import dataclass

GRACE = 10.0  # a trainer may want to write a checkpoint
LAST_GRACE = 3.0


@dataclass(frozen=True)
class Escalation:
    """The signal that is next, and the time at which it is due."""

    number: signal.Signals
    due: float

    @classmethod
    def begin(cls, now: float) -> Escalation:
        """The trainer was asked once, in the way the user asked."""
        return cls(signal.SIGTERM, now + GRACE)

    def remaining(self, now: float) -> float:
        """Seconds until it is due; 0 when it is."""
        return max(0.0, self.due - now)

    def hurry(self, now: float) -> Escalation:
        """The user asked again: no more grace."""
        return Escalation(signal.SIGKILL, now)

    def after(self, now: float) -> Escalation:
        """What follows when the signal that was due has been sent."""
        return Escalation(signal.SIGKILL, now + LAST_GRACE)
