"""Where the bytes of a trainer go: descriptors that may stop taking them while the trainer goes on."""

from __future__ import annotations

import errno
import os
import select

_LONGEST = 1 << 16


class ReaderGoneError(Exception):
    """Nobody reads any more: the trainer is to notice, as if it wrote there itself."""


class Sink:
    """Writes to a descriptor, all of each block.

    The first failure ends the writing, not the trainer: hours of training outweigh its output. It is kept in
    `failure`, for the end. Only a reader that has gone (a closed pipe) raises `ReaderGoneError`.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self.descriptor = descriptor
        self.name = name
        self.failure: OSError | None = None

    def write(self, block: bytes) -> None:
        """Write the block, unless writing has failed before."""
        if self.failure is not None:
            return
        rest = memoryview(block)
        try:
            while rest:
                rest = rest[self._write_some(rest) :]
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise ReaderGoneError from error
            self.failure = error

    def _write_some(self, block: memoryview) -> int:
        try:
            return os.write(self.descriptor, block)
        except BlockingIOError:  # whoever made the descriptor wants its writers to wait by themselves
            select.select([], [self.descriptor], [])
            return 0


class WholeLines:
    """Writes to a sink that others write to as well, a line at a time, so that their lines do not mix."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._rest = b""

    def write(self, block: bytes) -> None:
        """Write what has a line end now, and what is too long to wait for one."""
        text = self._rest + block
        end = text.rfind(b"\n") + 1 if len(text) <= _LONGEST else len(text)
        self._rest = text[end:]
        if end:
            self._sink.write(text[:end])

    def close(self) -> None:
        """Write the rest: the stream has ended."""
        if self._rest:
            self._sink.write(self._rest)
        self._rest = b""
