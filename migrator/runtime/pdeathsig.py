"""Runs a command that gets SIGTERM when the process that started it dies; a script of its own, for Linux.

    python -I -S pdeathsig.py PARENT_PID COMMAND ...

The kernel's setting belongs to the process and outlives exec (prctl(2), PR_SET_PDEATHSIG). It is made here, in a
fresh process: code between fork and exec of a Python program with threads is not safe.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Become the command, unless the parent has died by now."""
    parent, *command = sys.argv[1:]
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt this early needs no traceback of this file
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() == int(parent):
        os.execv(command[0], command)  # noqa: S606 - what this file is for


if __name__ == "__main__":
    main()
