"""How a process ended, in words."""

from __future__ import annotations

import signal

_HINTS = {
    signal.SIGKILL: "something ended it from outside; out of memory is the usual reason (see dmesg)",
    signal.SIGSEGV: "it crashed in compiled code; PYTHONFAULTHANDLER=1 shows where",
    signal.SIGABRT: "it crashed in compiled code; PYTHONFAULTHANDLER=1 shows where",
}


def describe_status(status: int) -> str:
    """`exit code 3`, or `signal SIGKILL` for a status that is a signal's negative number."""
    if status >= 0:
        return f"exit code {status}"
    return f"signal {signal_name(-status)}"


def signal_name(number: int) -> str:
    """The name of a signal, or its number where it has none (real-time signals)."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def hint_for(status: int) -> str:
    """What such an end usually means; "" for an exit code, whose meaning is the trainer's own."""
    return _HINTS.get(signal.Signals(-status), "") if -status in _HINTS else ""
