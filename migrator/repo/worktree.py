"""Bring a work tree from one listing to another without touching a file that is not ours to touch.

All new files are written aside first and then moved into place, so that a full disk is met before anything in
the work tree has changed. Every step can be repeated: a file that is in place already is left alone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from migrator.core.tree import Entry, Mode, object_id
from migrator.repo.disk import Disk
from migrator.repo.listing import Item, TreeChange

_FOLDER = Item(Mode.GITLINK, "")  # a folder on the disk; a submodule's is left empty, as git does
_OTHER = Item(Mode.FILE, "")  # a socket, a device: nothing that a tree can hold


class WorkTreeUpdate:
    """A change of a tree on its way into the folder `root`; `aside` is a folder of our own on the same file system."""

    def __init__(self, disk: Disk, root: Path, aside: Path, change: TreeChange) -> None:
        self._disk, self._root, self._aside = disk, root, aside
        self._before, self._after = change.before, change.after
        self._removed, self._written = change.removed, change.written

    def conflicts(self) -> list[str]:
        """Paths on the disk that would be lost: neither as they were before nor as they are to be. Sorted."""
        lost = {path for path in self._removed if self._blocks_removal(path)}
        for path in self._written:
            lost.update(parent for parent in self._files_above(path) if parent not in self._removed)
            lost.update(self._lost_at(path))
        return sorted(lost)

    def _blocks_removal(self, path: str) -> bool:
        found = self._found(path)
        if found is _FOLDER:  # an emptied submodule's, or, half way, the folder that replaces the file
            return self._before[path].mode is not Mode.GITLINK and not self._is_folder_after(path)
        return found is not None and not _same_content(found, self._before[path])

    def _is_folder_after(self, path: str) -> bool:
        return any(other.startswith(path + "/") for other in self._after)

    def _lost_at(self, path: str) -> Iterator[str]:
        found = self._found(path)
        if found is _FOLDER:
            if self._after[path].mode is not Mode.GITLINK:
                yield from (inner for inner in self._files_below(path) if inner not in self._removed)
        elif found is not None:
            known = (self._before.get(path), self._after[path])
            if not any(item and _same_content(found, item) for item in known):
                yield path

    def pending(self) -> list[str]:
        """The written paths that are not in place yet and whose bytes `prepare` needs."""
        return [
            p for p in self._written if self._after[p].mode is not Mode.GITLINK and self._found(p) != self._after[p]
        ]

    def prepare(self, contents: Mapping[str, bytes]) -> None:
        """Write the pending files aside; `contents` are their bytes by path."""
        self._disk.remove_tree(self._aside)
        self._disk.make_folder(self._aside)
        for number, path in enumerate(self._written):
            if path not in contents:
                continue
            mode = self._after[path].mode
            if mode is Mode.LINK:
                self._disk.create_link(self._aside / str(number), contents[path])
            else:
                self._disk.create(self._aside / str(number), contents[path], executable=mode is Mode.EXECUTABLE)

    def install(self) -> None:
        """Remove what is removed, and move what `prepare` wrote into place."""
        for path in self._removed:
            self._remove(path)
        prepared = {int(path.name) for path in self._aside.iterdir()}
        for number, path in enumerate(self._written):
            if number in prepared:
                self._make_parents(path)
                self._clear_empty_folders(path)
                self._disk.replace(self._aside / str(number), self._root / path)
            elif self._after[path].mode is Mode.GITLINK and self._found(path) is not _FOLDER:
                self._make_parents(path)
                self._disk.remove(self._root / path)
                self._disk.make_folder(self._root / path)
        self._disk.remove_folder(self._aside)

    def _remove(self, path: str) -> None:
        found = self._found(path)
        if found is not None and found is not _FOLDER:
            self._disk.remove(self._root / path)
        for folder in (path, *_parents(path)):
            target = self._root / folder
            if self._found(folder) is _FOLDER and not any(target.iterdir()):
                self._disk.remove_folder(target)

    def _make_parents(self, path: str) -> None:
        for parent in reversed(_parents(path)):
            if self._found(parent) is not _FOLDER:  # anything else there makes this fail: no link is followed
                self._disk.make_folder(self._root / parent)

    def _clear_empty_folders(self, path: str) -> None:
        if self._found(path) is _FOLDER:
            for folder, _, _ in os.walk(self._root / path, topdown=False):
                self._disk.remove_folder(Path(folder))

    def _found(self, path: str) -> Item | None:
        """What stands at `path`; nothing, if a parent is a link or a file."""
        return None if any(self._files_above(path)) else _observe(f"{self._root}/{path}")

    def _files_above(self, path: str) -> Iterator[str]:
        """The parents of `path` that are on the disk and no folders; nothing lies below those."""
        for parent in reversed(_parents(path)):
            found = _observe(f"{self._root}/{parent}")
            if found is None:
                return
            if found is not _FOLDER:
                yield parent
                return

    def _files_below(self, path: str) -> Iterator[str]:
        for folder, names, files in os.walk(self._root / path):
            links = [name for name in names if (Path(folder) / name).is_symlink()]
            yield from ((Path(folder) / name).relative_to(self._root).as_posix() for name in (*files, *links))


def _parents(path: str) -> list[str]:
    """The folders that `path` lies in, innermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _same_content(found: Item, item: Item) -> bool:
    """Whether the bytes and the type agree; the executable bit is no content that could be lost."""
    return found.oid == item.oid and (found.mode is Mode.LINK) == (item.mode is Mode.LINK)


def _observe(path: str) -> Item | None:
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISDIR(mode):
        return _FOLDER
    if stat.S_ISLNK(mode):
        return Item(Mode.LINK, object_id(Entry(os.fsencode(Path(path).readlink()))))
    if stat.S_ISREG(mode):
        return Item(Mode.EXECUTABLE if mode & stat.S_IXUSR else Mode.FILE, object_id(Entry(Path(path).read_bytes())))
    return _OTHER
