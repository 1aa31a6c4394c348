"""Listings: the modes and ids of a tree's files, without their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from migrator.core.tree import Entry, Mode, Tree, check_path, object_id
from migrator.errors import LayerError
from migrator.repo.output_git import OutputGit


class Item(NamedTuple):
    """A file's mode and the id of its blob; of a submodule, its commit."""

    mode: Mode
    oid: str


Listing = Mapping[str, Item]


class TreeChange:
    """What leads from one listing to another: paths to remove and paths to write, both sorted."""

    def __init__(self, before: Listing, after: Listing) -> None:
        self.before = before
        self.after = after
        self.removed = sorted(before.keys() - after.keys())
        self.written = sorted(path for path, item in after.items() if before.get(path) != item)


def list_tree(tree: Tree) -> dict[str, Item]:
    """List a tree in memory. Raises `LayerError` for a tree that cannot stand in a folder."""
    for path in tree:
        parent = check_path(path).rpartition("/")[0]
        while parent:
            if parent in tree:
                raise LayerError(f"{parent!r} is a file and a folder at once: {path!r} lies in it")
            parent = parent.rpartition("/")[0]
    return {path: _item(entry) for path, entry in tree.items()}


def _item(entry: Entry) -> Item:
    return Item(entry.mode, object_id(entry))


def read_listing(git: OutputGit, commit: str) -> dict[str, Item]:
    """List the tree of a commit; of "", the empty tree."""
    if not commit:
        return {}
    listing: dict[str, Item] = {}
    for row in git.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]:
        facts, _, path = row.partition(b"\t")
        mode, _, oid = facts.decode().split()
        listing[path.decode("utf-8", "surrogateescape")] = Item(Mode(mode), oid)
    return listing


def read_tree(git: OutputGit, commit: str) -> dict[str, Entry]:
    """Read the files of a commit."""
    listing = read_listing(git, commit)
    blobs = {path: item for path, item in listing.items() if item.mode is not Mode.GITLINK}
    bodies = dict(zip(blobs, git.objects([item.oid for item in blobs.values()]), strict=True))
    return {path: Entry(bodies.get(path, item.oid.encode()), item.mode) for path, item in listing.items()}
