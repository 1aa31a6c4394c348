"""All processes of a run, wherever they went.

Members are the descendants of the trainer, whatever is in its session, and every process whose environment has the
run's mark: that finds orphans and the workers of launchers, which begin sessions of their own. Only an orphan in a
session of its own that also emptied its environment before anybody looked is not found.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from contextlib import suppress

import psutil

MARK = "MIGRATE_RUN_ID"
_GONE = (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied)


def new_mark(environ: Mapping[str, str]) -> str:
    """The value of `MARK` for a new run; a run inside a run belongs to both."""
    return " ".join([*environ.get(MARK, "").split(), uuid.uuid4().hex])


class Family:
    """The processes of the run whose first process is `root`, its own session's leader, marked with `mark`."""

    def __init__(self, root: int, mark: str) -> None:
        self._root = root
        self._id = mark.rsplit(maxsplit=1)[-1]
        self._known: set[psutil.Process] = set()  # a Process knows its start time: a reused number is another one
        with suppress(psutil.NoSuchProcess):
            self._known.add(psutil.Process(root))

    def living(self) -> list[psutil.Process]:
        """The members that run now. Every look is remembered, so that later orphans stay known."""
        for process in psutil.process_iter():
            if process not in self._known and process.pid != os.getpid() and self._is_member(process):
                self._known.add(process)
        for process in list(self._known):
            with suppress(*_GONE):
                self._known.update(process.children(recursive=True))
        return sorted((process for process in self._known if _runs(process)), key=lambda process: process.pid)

    def send(self, number: int) -> None:
        """Send a signal to every member that runs now."""
        for process in self.living():
            with suppress(*_GONE):
                process.send_signal(number)

    def send_to_session(self, number: int) -> None:
        """Send a signal to the first process and the others of its process group."""
        with suppress(ProcessLookupError, PermissionError):  # the group is gone, or holds zombies only
            os.killpg(self._root, number)

    def _is_member(self, process: psutil.Process) -> bool:
        try:
            return os.getsid(process.pid) == self._root or self._id in process.environ().get(MARK, "").split()
        except (*_GONE, OSError):
            return False


def describe(process: psutil.Process) -> str:
    """Number and command of a process, for a message."""
    try:
        command = " ".join(process.cmdline()) or process.name()
    except _GONE:
        command = "(ended)"
    return f"{process.pid} {command[:100]}"


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except _GONE:
        return False
