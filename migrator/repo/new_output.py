"""Where an output may begin, and how it does.

A folder is an output once .git/migrate/state.json is there; that file is written last, in one step. Until then
.git/migrate says that what stands in .git is the work of a migrate that did not get further.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from migrator.errors import OutputError
from migrator.repo.disk import Disk
from migrator.repo.output_git import OutputGit

# The bytes of the work tree are the bytes of the commit, whatever the upstream's .gitattributes or the user's
# configuration say: line endings stay, and no filter runs.
_ATTRIBUTES = b"* -text -ident -filter -working-tree-encoding\n"


def check_place(path: Path, *, create: bool) -> None:
    """Raise `OutputError` unless an output may begin at `path`, which is none yet."""
    if not _is_free(path):
        raise OutputError(
            f"{path} is there and is not an output of migrate",
            hint="choose another output with -o, or move what is there away",
        )
    if not create:
        raise OutputError(f"there is no output of migrate at {path}", hint="make it with migrate apply")


def _is_free(path: Path) -> bool:
    if not path.exists():
        return True
    if not path.is_dir():
        return False
    names = [inner.name for inner in path.iterdir()]
    return not names or (names == [".git"] and _is_unfinished(path / ".git"))


def _is_unfinished(git_dir: Path) -> bool:
    if git_dir.is_symlink() or not git_dir.is_dir():
        return False
    names = [inner.name for inner in git_dir.iterdir()]
    return not names or "migrate" in names


def make_repository(git: OutputGit, disk: Disk) -> None:
    """Make the empty repository of an output, in place of what an earlier attempt left of one."""
    git_dir = git.folder / ".git"
    for path in sorted(git_dir.iterdir()):
        if path.is_dir() and path.name != "migrate":
            disk.remove_tree(path)
        elif path.is_file():
            disk.remove(path)
    git.init()
    disk.make_folder(git_dir / "info")
    disk.create(git_dir / "info" / "attributes", _ATTRIBUTES)


def remove_unbegun(path: Path, *, folder: bool) -> None:
    """Remove what the lock of an output that never began brought into `path`; with `folder`, the folder too."""
    shutil.rmtree(path / ".git")
    if folder and not any(path.iterdir()):
        path.rmdir()
