"""Files that a command writes where its user says: whole or not at all, and never into an output."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from migrator.errors import OutputError, UsageError


def check_place(path: Path, output: Path) -> None:
    """Raise `UsageError` when `path` is a folder or lies in the migrated `output`."""
    if (path.parent.resolve() / path.name).is_relative_to(output.resolve()):
        raise UsageError(
            f"{path} lies in the migrated output {output}",
            hint="name a file outside of it: the output holds what migrate apply writes, and nothing else",
        )
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name a file")


def replace_file(path: Path, data: bytes) -> None:
    """Write `path` aside and rename it, so that it is never half written. Raises `OutputError`."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        new = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            new.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)  # after the rename nothing is left under this name
    except OSError as error:
        hint = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "choose another place with -o"
        raise OutputError(f"cannot write {path}: {error.strerror or error}", hint=hint) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
