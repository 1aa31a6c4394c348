"""Carries a stream of the trainer to where it goes, as it comes, in a thread of its own."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Sequence

from migrator.runtime.sinks import ReaderGoneError

_BLOCK = 1 << 16
_QUIET = 0.2  # seconds without anything new, when the processes of the run have ended


class Pump(threading.Thread):
    """Reads `source`, a descriptor that it closes in the end, and hands each block to all of `takers` in turn."""

    def __init__(self, source: int, takers: Sequence[Callable[[bytes], None]]) -> None:
        super().__init__(daemon=True)  # a terminal that was stopped must not keep an interrupted run
        self._source = source
        self._takers = takers
        self._told, self._telling = os.pipe()
        self.reader_gone = False

    def run(self) -> None:
        """Carry until the stream ends, its reader goes, or nothing comes any more after `writers_ended`."""
        try:
            while block := self._next():
                for take in self._takers:
                    take(block)
        except ReaderGoneError:
            self.reader_gone = True
        finally:
            os.close(self._source)  # where the reader has gone, this tells the trainer
            os.close(self._told)

    def writers_ended(self) -> None:
        """Say that nobody is left to write: what is still there is carried, then the thread ends."""
        os.close(self._telling)

    def _next(self) -> bytes:
        ready = select.select([self._source, self._told], [], [])[0]
        if self._source not in ready and not select.select([self._source], [], [], _QUIET)[0]:
            return b""  # a process that could not be found still holds the other end
        try:
            return os.read(self._source, _BLOCK)
        except OSError:  # Linux says EIO when the last process has closed a terminal
            return b""
