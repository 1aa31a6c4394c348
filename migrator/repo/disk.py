"""Every change that is made to an output's files, one small step at a time.

Each step is announced to a checkpoint before it is made. A checkpoint that raises stands for the step that fails,
one that ends the process for a process killed there; that is how tests reach every state in between.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Checkpoint = Callable[[str], None]


def no_checkpoint(step: str) -> None:
    """The checkpoint of ordinary runs: nothing happens."""


@dataclass(frozen=True)
class Disk:
    """Writes files and folders, step by step."""

    checkpoint: Checkpoint = no_checkpoint

    def make_folder(self, path: Path) -> None:
        """Make one folder. Whatever is there, a link to a folder too, is an error."""
        self.checkpoint(f"mkdir {path.name}")
        path.mkdir()

    def create(self, path: Path, data: bytes, *, executable: bool = False, durable: bool = False) -> None:
        """Write a new file. The user's umask decides who else may read it, as with git."""
        self.checkpoint(f"create {path.name}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o777 if executable else 0o666), "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())

    def create_link(self, path: Path, target: bytes) -> None:
        """Make a new symbolic link."""
        self.checkpoint(f"symlink {path.name}")
        path.symlink_to(os.fsdecode(target))

    def replace(self, source: Path, path: Path) -> None:
        """Move `source` to `path` in one step, over what is there."""
        self.checkpoint(f"rename {path.name}")
        source.replace(path)

    def remove(self, path: Path) -> None:
        """Remove a file or a link, if it is there."""
        self.checkpoint(f"unlink {path.name}")
        path.unlink(missing_ok=True)

    def remove_folder(self, path: Path) -> None:
        """Remove one empty folder."""
        self.checkpoint(f"rmdir {path.name}")
        path.rmdir()

    def remove_tree(self, path: Path) -> None:
        """Remove a folder of our own with all in it, if it is there."""
        if path.is_dir():
            self.checkpoint(f"rmtree {path.name}")
            shutil.rmtree(path)

    def write_durably(self, path: Path, data: bytes) -> None:
        """Write `path` so that it has its old or its new content at any time, and keeps the new once this returns."""
        new = path.with_name(path.name + ".new")
        self.remove(new)
        self.create(new, data, durable=True)
        self.replace(new, path)
        self._flush_folder(path.parent)

    def remove_durably(self, path: Path) -> None:
        """Remove a file so that it stays removed."""
        self.remove(path)
        self._flush_folder(path.parent)

    def _flush_folder(self, folder: Path) -> None:
        self.checkpoint(f"fsync {folder.name}")
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
