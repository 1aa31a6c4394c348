"""Read files of a folder on disk into a tree."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from migrator.core.tree import Entry, Mode, UnsafePathError, check_path
from migrator.errors import UsageError

_LEFT_OUT = frozenset({".git", "__pycache__"})
_MOST_BYTES = 1 << 30


def walk(root: Path) -> Iterator[str]:
    """Paths of all files and links below `root`, sorted by folder, without `.git` and Python's caches."""
    for folder, folders, files in os.walk(root):
        below = Path(folder)
        links = [name for name in folders if (below / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT and name not in links)
        for name in sorted(files + links):
            if not name.endswith(".pyc"):
                yield (below / name).relative_to(root).as_posix()


def read_files(root: Path, paths: Iterable[str]) -> dict[str, Entry]:
    """Return the files at `paths` as they are; those that are gone, sockets and the like are left out.

    Raises `UsageError` for more than 1 GiB: then the folder holds data, not only source.
    """
    tree: dict[str, Entry] = {}
    size = 0
    for path in paths:
        if entry := _entry(root / path):
            tree[_checked(path, root)] = entry
            size += len(entry.data)
        if size > _MOST_BYTES:
            raise UsageError(
                f"{root} holds more than {_MOST_BYTES >> 30} GiB", hint="name the folder that holds the source"
            )
    return tree


def _entry(file: Path) -> Entry | None:
    try:
        mode = file.lstat().st_mode
        if stat.S_ISLNK(mode):
            return Entry(os.fsencode(file.readlink()), Mode.LINK)
        if not stat.S_ISREG(mode):
            return None
        return Entry(file.read_bytes(), Mode.EXECUTABLE if mode & stat.S_IXUSR else Mode.FILE)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error


def _checked(path: str, root: Path) -> str:
    try:
        return check_path(path)
    except UnsafePathError as error:
        raise UsageError(f"{root}: {error.message}") from error
