"""A folder of the user's as an upstream: as it is on disk now, less what git ignores."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migrator.core.tree import Entry, Mode, Tree
from migrator.errors import UpstreamError, UsageError
from migrator.repo.folders import read_files, walk
from migrator.repo.git import run_git
from migrator.repo.git_environment import reading_environment

# Both settings can name a program, and the folder is somebody's.
_QUIET = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*"]
_STAGED_MODULE = re.compile(rb"160000 ([0-9a-f]{40}) \d\t(.+)", re.DOTALL)


@dataclass(frozen=True)
class LocalFolder:
    """A folder on this machine; its identity is the hash of its tree."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's own name, for the output's."""
        return re.sub(r"[^\w.-]", "-", self.path.resolve().name).strip(".-") or "upstream"


def read_local(folder: LocalFolder, environment: Mapping[str, str]) -> Tree:
    """Return the files of the folder: tracked and new ones where it is in a git work tree, else all.

    Submodules stay what they are, a commit; untracked repositories inside are left out, as git leaves them out.
    """
    root = folder.path
    if not any((above / ".git").exists() for above in (root, *root.resolve().parents)):
        return _not_empty(read_files(root, walk(root)), root)
    listed = _git(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], environment)
    staged = _git(root, ["ls-files", "-z", "--stage"], environment)
    modules = dict(_module(row) for row in staged if row.startswith(b"160000 "))
    files = read_files(root, sorted({os.fsdecode(row) for row in listed if not row.endswith(b"/")} - set(modules)))
    # a folder that git ignores as a whole was named by the user all the same
    return _not_empty({**files, **modules} or read_files(root, walk(root)), root)


def _git(root: Path, arguments: list[str], environment: Mapping[str, str]) -> list[bytes]:
    try:
        answer = run_git(["-C", str(root), *_QUIET, *arguments], environment=reading_environment(environment))
    except UpstreamError as error:
        raise UsageError(f"{root}: {error.message}") from error
    return answer.split(b"\0")[:-1]


def _module(row: bytes) -> tuple[str, Entry]:
    found = _STAGED_MODULE.fullmatch(row)
    assert found is not None
    return os.fsdecode(found[2]), Entry(found[1], Mode.GITLINK)


def _not_empty(tree: Tree, root: Path) -> Tree:
    if not tree:
        raise UsageError(f"{root} holds no files")
    return tree
