"""Read a folder of a commit out of the object database: nothing is checked out, so no filter or hook can run.

Format: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from migrator.core.tree import Entry, Mode, Tree, UnsafePathError, check_path, git_tree_hash
from migrator.errors import UpstreamError
from migrator.repo.failures import CorruptError
from migrator.repo.git import run_git
from migrator.repo.git_environment import local_environment
from migrator.repo.objects import ObjectReader, open_objects

_FOLDER = "40000"
_MOST_FILES = 200_000  # a tree of a few objects can unfold to billions of paths

Listing = Mapping[str, tuple[Mode, str]]
"""Path -> mode and object id."""


@dataclass(frozen=True)
class Snapshot:
    """A folder at a commit: its files and the id git gives it."""

    tree: Tree
    tree_hash: str


def list_folder(reader: ObjectReader, commit: str, subfolder: str) -> tuple[str, Listing]:
    """Return the id of the folder at `commit`, and all files below it with paths relative to it."""
    first = reader.read(commit, "commit").split(b"\n", 1)[0]
    if not first.startswith(b"tree "):
        raise CorruptError(f"commit {commit} names no tree")
    folder = first[5:].decode()
    for part in filter(None, subfolder.split("/")):
        below = {name: row for mode, name, row in _rows(reader, folder) if mode == _FOLDER}
        if part not in below:
            raise UpstreamError(f"commit {commit} has no folder {subfolder!r}")
        folder = below[part]
    listing: dict[str, tuple[Mode, str]] = {}
    for path, mode, row in _walk(reader, folder, ""):
        listing[path] = (mode, row)
        if len(listing) > _MOST_FILES:
            raise UpstreamError(f"commit {commit} has more than {_MOST_FILES} files", hint="name a subfolder of it")
    return folder, listing


def read_snapshot(repository: Path, commit: str, subfolder: str, environment: Mapping[str, str]) -> Snapshot:
    """Read the folder at `commit`; raise `CorruptError` unless all of it is there and hashes to the commit's id."""
    with open_objects(repository, environment) as reader:
        folder, listing = list_folder(reader, commit, subfolder)
        tree = {path: Entry(_data(reader, mode, row), mode) for path, (mode, row) in listing.items()}
    if git_tree_hash(tree) != folder:
        raise CorruptError(f"the files of {subfolder or 'the root folder'} do not hash to tree {folder}")
    return Snapshot(tree, folder)


def missing_blobs(repository: Path, commit: str, subfolder: str, environment: Mapping[str, str]) -> list[str]:
    """The ids of the folder's files that the repository does not hold, each once."""
    with open_objects(repository, environment) as reader:
        _, listing = list_folder(reader, commit, subfolder)
    names = dict.fromkeys(row for mode, row in listing.values() if mode is not Mode.GITLINK)
    asked = "".join(f"{name}\n" for name in names).encode()
    arguments = [f"--git-dir={repository}", "cat-file", "--batch-check"]
    answer = run_git(arguments, environment=local_environment(environment), stdin=asked)
    return [line.split()[0].decode() for line in answer.splitlines() if line.endswith(b" missing")]


def _data(reader: ObjectReader, mode: Mode, row: str) -> bytes:
    return row.encode() if mode is Mode.GITLINK else reader.read(row, "blob")


def _walk(reader: ObjectReader, folder: str, prefix: str) -> Iterator[tuple[str, Mode, str]]:
    for mode, name, row in _rows(reader, folder):
        path = prefix + name
        if mode == _FOLDER:
            yield from _walk(reader, row, f"{path}/")
        else:
            yield _checked(path), _mode(mode, path), row


def _rows(reader: ObjectReader, folder: str) -> list[tuple[str, str, str]]:
    """Mode, name and id of each row of a tree object, which is `<mode> <name>`, a zero byte and 20 bytes of id."""
    data = reader.read(folder, "tree")
    rows = re.findall(rb"([0-7]+) ([^\0]+)\0(.{20})", data, re.DOTALL)
    if sum(len(mode) + len(name) + 22 for mode, name, _ in rows) != len(data):
        raise UpstreamError(f"tree {folder} is malformed")
    return [(mode.decode(), name.decode("utf-8", "surrogateescape"), row.hex()) for mode, name, row in rows]


def _mode(mode: str, path: str) -> Mode:
    try:
        return Mode(mode)
    except ValueError as error:
        raise UpstreamError(f"{path} has mode {mode}, which git does not write") from error


def _checked(path: str) -> str:
    try:
        return check_path(path)
    except UnsafePathError as error:
        raise UpstreamError(error.message) from error
