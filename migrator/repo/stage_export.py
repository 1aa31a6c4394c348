"""A finished stage as a folder of its own, beside the output, so that it can run while the output stays as it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from migrator.core.tree import Entry, Mode
from migrator.repo.output_failure import output_failures
from migrator.repo.workspace import Workspace


def export_stage(workspace: Workspace, stage: str) -> Path:
    """Return the folder with the files of `stage`: OUTPUT/.git/migrate/levels/<stage>-<commit>, which git ignores.

    It is kept, so that a command line that names it can be run again. Files of the stage that are missing or changed
    are put back; what else was written there stays. Neither the work tree nor the index or a branch is touched. Raises
    `OutputError` when the output has no such stage, or cannot be written.
    """
    tree = workspace.read_tree(stage)
    commit = next(each.commit for each in workspace.stages() if each.name == stage)
    folder = workspace.path / ".git" / "migrate" / "levels" / f"{stage}-{commit[:12]}"
    with output_failures(workspace.path):
        for path, entry in tree.items():
            _put(folder / path, entry)
    return folder


def _put(path: Path, entry: Entry) -> None:
    """Have the entry at `path`; a file is replaced in one step, as another run may be reading it."""
    if entry.mode is Mode.GITLINK:  # a submodule: an empty folder, as git leaves it
        path.mkdir(parents=True, exist_ok=True)
    elif not _is_there(path, entry):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.{os.getpid()}.new")
        if entry.mode is Mode.LINK:
            new.symlink_to(os.fsdecode(entry.data))
        else:
            new.write_bytes(entry.data)
            new.chmod(new.stat().st_mode | (0o111 if entry.mode is Mode.EXECUTABLE else 0))
        new.replace(path)


def _is_there(path: Path, entry: Entry) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if entry.mode is Mode.LINK:
        return stat.S_ISLNK(mode) and os.fsencode(path.readlink()) == entry.data
    executable = bool(mode & stat.S_IXUSR) == (entry.mode is Mode.EXECUTABLE)
    return stat.S_ISREG(mode) and executable and path.read_bytes() == entry.data
