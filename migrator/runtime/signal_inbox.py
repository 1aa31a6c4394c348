"""Signals to this process as a queue, so that one place decides what each of them means."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from types import FrameType, TracebackType

_Handler = Callable[[int, FrameType | None], object] | int | None
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WAKING = (signal.SIGCHLD, signal.SIGWINCH)


class SignalInbox:
    """While entered, signals that stop a program and those of children and windows are queued, in the main thread.

    A stopping signal that the caller has set to be ignored stays so: that is how `nohup` and a shell's `&` work.
    """

    def __init__(self) -> None:
        self._before: dict[int, _Handler] = {}
        self._reading = self._writing = self._wakeup_before = -1

    def __enter__(self) -> SignalInbox:
        """Begin to queue."""
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        self._wakeup_before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in (*STOPPING, *_WAKING):
            if number in _WAKING or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, _only_wake)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Put everything back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._reading)
        os.close(self._writing)

    def wait(self, seconds: float | None) -> list[int]:
        """The signals since the last call; waits for one, `seconds` at most. [] when the time is over."""
        if not select.select([self._reading], [], [], seconds)[0]:
            return []
        return list(os.read(self._reading, 4096))


def _only_wake(_number: int, _frame: FrameType | None) -> None:
    """Python calls this after it wrote the signal's number to the wakeup pipe, which is all that is wanted."""
