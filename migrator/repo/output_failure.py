"""Failures of the disk under an output, as messages that say what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from migrator.errors import OutputError

_SPACE = "free some space and run again; finished stages are kept"
_RIGHTS = "make the output writable, or choose another one with -o"
_ADVICE = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EFBIG: "raise the limit on file sizes (ulimit -f) and run again; finished stages are kept",
    errno.EROFS: _RIGHTS,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EIO: "check the disk, then run again; finished stages are kept",
    errno.ENOLCK: "this file system has no locks; choose an output on another one with -o",
    errno.ENOTSUP: "this file system has no locks or links; choose an output on another one with -o",
}
_LITTLE = 64 * 1024  # bytes; a git that fails on a disk with less failed for want of it
_OTHERWISE = "remove the cause and run again; finished stages are kept"


@contextmanager
def output_failures(folder: Path) -> Iterator[None]:
    """Turn every `OSError` of the block into an `OutputError` about the output `folder`."""
    try:
        yield
    except OSError as error:
        where = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, str | bytes) else ""
        hint = _ADVICE.get(error.errno or 0, _OTHERWISE)
        raise OutputError(f"cannot use the output {folder}: {error.strerror or error}{where}", hint=hint) from error


def git_failure(folder: Path, command: str, code: int, stderr: str) -> OutputError:
    """The error for a git that failed in the output `folder`, with advice read from what it said."""
    said = stderr.strip() or (f"killed by signal {-code}" if code < 0 else f"exit code {code}")
    # git prints strerror's text, and runs with LC_ALL=C
    hint = next((advice for number, advice in _ADVICE.items() if os.strerror(number) in said), "")
    return OutputError(f"git {command} failed in the output {folder}: {said}", hint=hint or _unsaid(folder, said))


def _unsaid(folder: Path, said: str) -> str:
    """Advice where git does not say what the system did: it has words of its own for a full disk, or none."""
    with suppress(OSError):  # then the folder is gone, and how full its disk is does not matter
        space = os.statvfs(folder)
        if "Out of diskspace" in said or space.f_bavail * space.f_frsize < _LITTLE:
            return _SPACE
    return _OTHERWISE
