"""Failures of the disk while packing, as messages that say what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migrator.errors import OutputError

_AGAIN = "and run the same command again: it goes on where it stopped"
_ADVICE = {
    errno.ENOSPC: f"free some space {_AGAIN}",
    errno.EDQUOT: f"free some space {_AGAIN}",
    errno.EFBIG: f"raise the limit on file sizes (ulimit -f) {_AGAIN}",
    errno.EROFS: "choose an output that is writable",
    errno.EACCES: "make the folder writable, or choose another output",
    errno.EPERM: "make the folder writable, or choose another output",
    errno.ENOTDIR: "choose another output: something on its path is a file",
}


@contextmanager
def disk_failures(output: Path) -> Iterator[None]:
    """Turn every `OSError` of the block into an `OutputError` about `output`."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        reason = os.strerror(number) if number else str(error)
        where = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, str | bytes) else ""
        hint = _ADVICE.get(number, f"remove the cause {_AGAIN}")
        raise OutputError(f"cannot write {output}: {reason}{where}", hint=hint) from error
