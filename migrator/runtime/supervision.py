"""Watches a trainer until it and all its processes have ended, and passes on what the user asks for meanwhile."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from migrator.runtime.escalation import LAST_GRACE, Escalation
from migrator.runtime.family import Family, describe
from migrator.runtime.signal_inbox import STOPPING, SignalInbox

_SETTLING = 1.0  # seconds in which helper processes go by themselves when the trainer has ended
_POLL = 0.05


@dataclass(frozen=True)
class Ended:
    """How a run ended: the trainer's status (negative: the signal that ended it), the signal that the user sent, and
    the processes that were left over and had to be ended.
    """

    status: int
    interrupted: int | None
    strays: tuple[str, ...]


def supervise(child: subprocess.Popen[bytes], family: Family, inbox: SignalInbox, resize: Callable[[], None]) -> Ended:
    """Wait for the end. The first stopping signal goes to the trainer's group as it is; a second one kills."""
    interrupted: int | None = None
    escalation: Escalation | None = None
    while child.poll() is None:
        for number in inbox.wait(escalation.remaining(time.monotonic()) if escalation else None):
            if number == signal.SIGWINCH:
                resize()
                family.send_to_session(number)
            elif number in STOPPING and escalation is None:
                interrupted, escalation = number, Escalation.begin(time.monotonic())
                family.living()  # who belongs to it is best known before its head is gone
                family.send_to_session(number)
            elif number in (signal.SIGINT, signal.SIGTERM) and escalation is not None:
                escalation = escalation.hurry(time.monotonic())
        if escalation is not None and time.monotonic() >= escalation.due:
            family.send(escalation.number)
            escalation = escalation.after(time.monotonic())
    strays = end_strays(family, inbox)
    return Ended(child.returncode, interrupted, strays)


def end_strays(family: Family, inbox: SignalInbox) -> tuple[str, ...]:
    """End what the trainer left running; the descriptions of what did not go by itself."""
    if _all_gone(family, inbox, _SETTLING):
        return ()
    strays = tuple(describe(process) for process in family.living())
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):  # again for what was started meanwhile
        family.send(number)
        if _all_gone(family, inbox, LAST_GRACE):
            break
    return strays


def _all_gone(family: Family, inbox: SignalInbox, seconds: float) -> bool:
    """Wait until no process of the run is left; False after `seconds`, or when the user asks again."""
    end = time.monotonic() + seconds
    while family.living():
        numbers = inbox.wait(_POLL)
        if time.monotonic() >= end or {signal.SIGINT, signal.SIGTERM} & set(numbers):
            return False
    return True
