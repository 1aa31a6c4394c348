"""Read a source archive into a tree. Nothing in it is trusted, and nothing of it is run."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

from migrator.core.tree import Entry, Mode, Tree, UnsafePathError, check_link, check_path
from migrator.errors import UpstreamError

_MOST_FILE = 64 << 20
_MOST_ALL = 1 << 30
_MOST_FILES = 100_000


def read_archive(path: Path, wanted: Callable[[str], bool]) -> Tree:
    """Return the wanted files of the `.tar.gz` at `path`, their paths relative to its one top folder.

    Raises `UpstreamError` when it cannot be read or holds anything but files and links that stay inside, within
    limits of 64 MiB a file, 1 GiB and 100,000 entries in all.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            return _read_members(archive, wanted)
    except UnsafePathError as error:
        raise UpstreamError(f"{path.name}: {error.message}") from error
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise UpstreamError(f"{path.name} cannot be unpacked: {error}") from error


def _read_members(archive: tarfile.TarFile, wanted: Callable[[str], bool]) -> Tree:
    tree: dict[str, Entry] = {}
    tops: set[str] = set()
    seen = size = 0
    for member in archive:
        top, _, path = check_path(member.name).partition("/")
        tops.add(top)
        seen += 1
        size += member.size
        _check_limits(member, seen, size, len(tops))
        if member.isdir():
            continue
        entry = _entry(archive, member, path)
        if path in tree:
            raise UpstreamError(f"the archive holds {path!r} twice")
        if wanted(path):
            tree[path] = entry
    return tree


def _check_limits(member: tarfile.TarInfo, seen: int, size: int, tops: int) -> None:
    if member.size > _MOST_FILE or size > _MOST_ALL or seen > _MOST_FILES:
        raise UpstreamError(f"the archive is larger than is reasonable, at {member.name!r}")
    if tops != 1 or (not member.isdir() and "/" not in member.name):
        raise UpstreamError(f"the archive has more than its one top folder: {member.name!r}")


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> Entry:
    if member.issym():
        target = member.linkname.encode("utf-8", "surrogateescape")
        check_link(path, target)
        return Entry(target, Mode.LINK)
    content = archive.extractfile(member) if member.isreg() else None
    if content is None:
        raise UpstreamError(f"the archive holds {path!r}, which is neither a file nor a symbolic link")
    return Entry(content.read(), Mode.EXECUTABLE if member.mode & 0o100 else Mode.FILE)
