"""A terminal for the trainer that looks like the user's, and the user's own, put back as it was."""

from __future__ import annotations

import os
import pty
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import ioctl

_NO_SIZE = bytes(8)  # struct winsize: rows, columns and two more, 16 bits each


class TrainersTerminal:
    """A pseudo-terminal of the size of the user's, `like`. `ends` are the one to read from and the trainer's.

    What comes out is as it was written: the user's own terminal turns line ends into what it needs, once.
    """

    def __init__(self, like: int) -> None:
        self._like = like
        self.ends = self._reading, trainers = pty.openpty()
        settings = termios.tcgetattr(trainers)
        settings[1] &= ~termios.OPOST
        termios.tcsetattr(trainers, termios.TCSANOW, settings)
        self.resize()

    def resize(self) -> None:
        """Take on the size that the user's terminal has now."""
        with suppress(OSError):  # one of the two has gone
            ioctl(self._reading, termios.TIOCSWINSZ, ioctl(self._like, termios.TIOCGWINSZ, _NO_SIZE))


@contextmanager
def terminal_kept(descriptor: int) -> Iterator[None]:
    """Put the terminal back in the end: a debugger or prompt that is killed leaves it without echo."""
    before = termios.tcgetattr(descriptor) if os.isatty(descriptor) else None
    try:
        yield
    finally:
        # from the background the kernel would stop this process for it
        if before is not None and _in_foreground(descriptor) and termios.tcgetattr(descriptor) != before:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _in_foreground(descriptor: int) -> bool:
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # not our controlling terminal, or gone
        return False
