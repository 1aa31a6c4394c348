"""Apply a parsed diff to a tree: wholly or not at all, and never to anything but what it states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.core import linemap
from migrator.core.tree import Entry, Mode, Tree, check_path, object_id
from migrator.core.udiff_checks import check_folders, check_free, check_links, check_target
from migrator.core.udiff_content import read_text, write_text
from migrator.core.udiff_paths import shown
from migrator.core.udiff_place import Placed, counted, note, place, rewritten, stands_already
from migrator.core.udiff_runs import changed_runs
from migrator.core.udiff_types import ALREADY_APPLIED, DiffConflictError, FilePatch, Spot, split_lines

_FULL_ID = 40  # hexadecimal digits; anything shorter is an abbreviation that only a repository can resolve


@dataclass(frozen=True)
class PatchedFile:
    """One file after a diff.

    `path` is where it is now, or was before it was deleted; `old_path` is "" for a file that was created.
    `hunks` are the runs of lines that differ, without context, where they really stand, ready for a `LineMap`.
    `moved` has one number for each hunk of the diff: how many lines from the stated one it was found.
    """

    path: str
    old_path: str
    hunks: tuple[linemap.Hunk, ...]
    moved: tuple[int, ...]
    notes: tuple[str, ...] = ()
    deleted: bool = False


@dataclass(frozen=True)
class DiffResult:
    """The tree after a diff, and the files it touched in the diff's order."""

    tree: dict[str, Entry]
    files: tuple[PatchedFile, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know, for instance `hunk 2 of train.py found 3 lines further down`."""
        return tuple(note for file in self.files for note in file.notes)


def apply_diff(tree: Tree, patches: Sequence[FilePatch], *, name: str) -> DiffResult:
    """Apply `patches` to `tree`, which stays as it is; `name` is the diff's name, for messages.

    All old paths are those of `tree`, so files can change places. Raises `DiffConflictError` when any part does
    not fit, and `UnsafePathError` when a path or a link leaves the tree or a path leads through a link.
    """
    taken = {patch.old_path for patch in patches if not patch.is_copy}
    result = {path: entry for path, entry in tree.items() if path not in taken}
    files: list[PatchedFile] = []
    for patch in patches:
        spot = Spot(name, patch)
        entry, file = _patched(tree, spot)
        files.append(file)
        if patch.new_path is not None and entry is not None:
            check_free(result, entry, spot)
            result[patch.new_path] = entry
    check_folders(result, patches, name)
    return DiffResult(result, tuple(files))


def _patched(tree: Tree, spot: Spot) -> tuple[Entry | None, PatchedFile]:
    """What becomes of one file: its new entry, or None when it is deleted."""
    patch = spot.patch
    entry = _old_entry(tree, spot) if patch.old_path is not None else None
    lines = split_lines(read_text(entry)) if entry else []
    placed = _placed(lines, spot, entry)
    after = rewritten(lines, placed)
    if patch.new_path is None and after:
        raise spot.conflict(f"deletes a file of {counted(len(lines) - len(after))}, but found one of {len(lines)}")
    mode = patch.new_mode or (entry.mode if entry else Mode.FILE)
    new = None if patch.new_path is None else write_text(mode, b"".join(after), spot)
    if new and new.mode is Mode.LINK:
        check_target(new, spot)
    return new, _report(lines, after, placed, patch)


def _old_entry(tree: Tree, spot: Spot) -> Entry:
    """The file that the diff is about, when it is as the diff says."""
    patch, path = spot.patch, check_path(spot.patch.old_path or "")
    entry = tree.get(path)
    if entry is None:
        check_links(tree, path, spot)
        moved = patch.new_path != path and (patch.new_path is None or patch.new_path in tree)
        raise spot.conflict(f"expected the file {shown(path)}, found none", hint=ALREADY_APPLIED if moved else "")
    if len(patch.old_blob) == _FULL_ID and object_id(entry) != patch.old_blob:
        problem = f"the file drifted: expected the blob {patch.old_blob}, found {object_id(entry)}"
        raise spot.conflict(problem, hint=ALREADY_APPLIED if object_id(entry) == patch.new_blob else "")
    if patch.old_mode not in (None, entry.mode):
        problem = f"expected the mode {patch.old_mode and patch.old_mode.value}, found {entry.mode.value}"
        raise spot.conflict(problem, hint=ALREADY_APPLIED if entry.mode is patch.new_mode else "")
    return entry


def _placed(lines: Sequence[bytes], spot: Spot, entry: Entry | None) -> list[Placed]:
    """Where the hunks stand. A hunk that moved or has no context may be about to be applied a second time."""
    hunks = spot.patch.hunks
    already = entry is not None and stands_already(lines, hunks)
    try:
        placed = place(lines, spot)
    except DiffConflictError as error:
        raise DiffConflictError(error.message, hint=ALREADY_APPLIED if already else error.hint) from error
    unsure = any(one.moved or not one.hunk.before.count for one in placed)
    if already and unsure and len(spot.patch.old_blob) != _FULL_ID:
        raise spot.conflict("expected the lines as they were, found them as the diff leaves them", hint=ALREADY_APPLIED)
    return placed


def _report(lines: Sequence[bytes], after: Sequence[bytes], placed: Sequence[Placed], patch: FilePatch) -> PatchedFile:
    notes = (note(one, shown(patch.path)) for one in placed)
    return PatchedFile(
        patch.path,
        patch.old_path or "",
        changed_runs(lines, after, placed),
        tuple(one.moved for one in placed),
        tuple(text for text in notes if text),
        deleted=patch.new_path is None,
    )
