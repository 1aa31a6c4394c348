"""What must hold for the paths that a diff writes to."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.core.tree import Entry, Mode, Tree, UnsafePathError, check_link, check_path
from migrator.core.udiff_content import parents
from migrator.core.udiff_paths import shown
from migrator.core.udiff_types import ALREADY_APPLIED, FilePatch, Spot


def check_free(result: Tree, entry: Entry, spot: Spot) -> None:
    """Raise `DiffConflictError` when the path at which `entry` is to stand is taken."""
    path = check_path(spot.patch.path)
    if path in result:
        hint = (
            ALREADY_APPLIED if result[path] == entry else "remove or rename the file that is there, or change the diff"
        )
        raise spot.conflict("expected no such file, found one", hint=hint)


def check_target(link: Entry, spot: Spot) -> None:
    """Raise `UnsafePathError` when a link that the diff writes would point out of the tree."""
    try:
        check_link(spot.patch.path, link.data)
    except UnsafePathError as error:
        raise UnsafePathError(f"{spot.diff}:{spot.patch.line}: {error.message}", hint=error.hint) from error


def check_links(tree: Tree, path: str, spot: Spot) -> None:
    """Raise `UnsafePathError` when `path` leads through a symbolic link of `tree`."""
    for parent in parents(path):
        if parent in tree and tree[parent].mode is Mode.LINK:
            problem = f"{spot.diff}:{spot.patch.line}: the path {shown(path)} leads through the link {shown(parent)}"
            raise UnsafePathError(problem, hint="patch the file that the link leads to, under its own path")


def check_folders(result: Tree, patches: Sequence[FilePatch], name: str) -> None:
    """Raise unless every path that was written is a file only, below real folders only."""
    folders = {parent for path in result for parent in parents(path)}
    for patch in patches:
        spot = Spot(name, patch)
        if patch.new_path is None:
            continue
        check_links(result, patch.new_path, spot)
        above = next((parent for parent in parents(patch.new_path) if parent in result), None)
        if above is not None:
            raise spot.conflict(f"expected a folder {shown(above)}, found a file")
        if patch.new_path in folders:
            raise spot.conflict("expected no such path, found a folder")
