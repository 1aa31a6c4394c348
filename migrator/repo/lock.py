"""One process at a time in an output. The lock ends with its holder, however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migrator.errors import OutputError
from migrator.repo.output_failure import output_failures

# A git that outlives its killed parent still holds the lock; it ends within moments.
_PATIENCE = 5.0
_PAUSE = 0.02
_WIDTH = 20  # the pid is padded to this many bytes, so that writing it over an older one needs no space on the disk


class HeldLock:
    """A lock that this process holds.

    `descriptor` is handed to git processes, so that the lock lives until the last of them is done.
    `abandoned` says that the last holder was killed or failed, and may have left things behind.
    """

    def __init__(self, descriptor: int, *, abandoned: bool) -> None:
        self.descriptor = descriptor
        self.abandoned = abandoned
        # A forked worker may outlive a killed parent for ever; it must not keep the lock.
        os.register_at_fork(after_in_child=self.close)

    def close(self) -> None:
        """Let go of the lock, once."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


@contextmanager
def hold_lock(output: Path) -> Iterator[HeldLock]:
    """Hold the lock of `output`, which need not be there yet, for this process.

    Raises `OutputError` at once when another process holds it.
    """
    with output_failures(output):
        descriptor = _acquire(output)
        lock = HeldLock(descriptor, abandoned=bool(os.pread(descriptor, _WIDTH, 0).strip()))
    try:
        with output_failures(output):
            os.pwrite(descriptor, f"{os.getpid():<{_WIDTH}}".encode(), 0)
        yield lock
        os.ftruncate(descriptor, 0)  # not reached after an error: the next holder then looks for leftovers
    finally:
        lock.close()


def _acquire(output: Path) -> int:
    path = output / ".git" / "migrate" / "lock"
    deadline = time.monotonic() + _PATIENCE
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _recorded_pid(descriptor)
            os.close(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        else:
            if _is_at(descriptor, path):
                return descriptor
            os.close(descriptor)  # its last holder removed it with an output that was never begun
            continue
        if _alive(holder) or time.monotonic() > deadline:
            raise OutputError(
                f"the output {output} is in use by process {holder or 'unknown'}",
                hint="wait until that process has ended, or choose another output with -o",
            )
        time.sleep(_PAUSE)


def _recorded_pid(descriptor: int) -> int:
    text = os.pread(descriptor, _WIDTH, 0).strip()
    return int(text) if text.isdigit() else 0


def _alive(pid: int) -> bool:
    if pid == 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
