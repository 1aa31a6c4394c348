"""Read unified diffs, in git's format or plain with one leading folder, into plain values.

Strict, where `git apply` and `patch` guess: whatever is not wholly understood is a `DiffSyntaxError` with the
line. The only text allowed outside of files' parts is a message above the first one and a mail's signature below
the last, so that `git show` and `git format-patch` can be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from migrator.core.udiff_headers import file_patch
from migrator.core.udiff_hunks import check_hunks, find_hunks, lines_of
from migrator.core.udiff_paths import shown
from migrator.core.udiff_section import read_section, starts_section
from migrator.core.udiff_types import (
    DiffConflictError,
    DiffHunk,
    DiffSyntaxError,
    FilePatch,
    Row,
    split_lines,
)

__all__ = ["DiffConflictError", "DiffHunk", "DiffSyntaxError", "FilePatch", "Row", "parse_diff"]

# ids of the empty blob, SHA-1 and SHA-256: git's only change of content that has no hunks
_EMPTY_BLOBS = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
_HEADER_WORDS = tuple(
    word.encode()
    for word in (
        *("--- ", "+++ ", "@@", "index ", "similarity index ", "dissimilarity index "),
        *("old mode ", "new mode ", "new file mode ", "deleted file mode "),
        *("rename from ", "rename to ", "copy from ", "copy to "),
        *("GIT binary patch", "Binary files ", "Only in "),
    )
)


def parse_diff(data: bytes, *, name: str) -> tuple[FilePatch, ...]:
    """The changes that the diff `data` makes, in its order; `name` is the diff's own name, for messages.

    Raises `DiffSyntaxError` when it is malformed, binary or ambiguous, and `UnsafePathError` for a path that
    leaves the tree. Blank input is an empty diff.
    """
    if not data.strip():
        return ()
    if not data.endswith(b"\n"):
        raise DiffSyntaxError.at(name, data.count(b"\n") + 1, "the diff is cut off: its last line does not end")
    lines = split_lines(data)
    at = _first_section(lines, name)
    hunks = find_hunks(lines, at + 1, name=name)
    patches: list[FilePatch] = []
    while not _is_tail(lines, at):
        if not starts_section(lines, at):
            raise DiffSyntaxError.at(name, at + 1, f"not part of any hunk or header: {lines[at]!r}")
        section, at = read_section(lines, at, name=name)
        patch, at = _with_hunks(file_patch(section), hunks, at, name)
        patches.append(patch)
    _check_once(patches, name)
    return tuple(patches)


def _first_section(lines: Sequence[bytes], name: str) -> int:
    """Where the first file's part begins. A message may stand above it, lines of a damaged header may not."""
    for at, line in enumerate(lines):
        if starts_section(lines, at):
            return at
        if line.startswith(_HEADER_WORDS):
            raise DiffSyntaxError.at(name, at + 1, f"a part of a diff without its header: {line!r}")
    raise DiffSyntaxError.at(name, 1, "this is not a unified diff")


def _is_tail(lines: Sequence[bytes], at: int) -> bool:
    """Whether only blank lines are left, or a mail's signature as `git format-patch` writes it."""
    if lines[at : at + 1] not in ([], [b"\n"], [b"-- \n"]):
        return False
    words = [line for line in lines[at:] if line.strip()]
    return not words or (lines[at] == b"-- \n" and len(words) <= 2)


def _with_hunks(patch: FilePatch, hunks: Mapping[int, DiffHunk], at: int, name: str) -> tuple[FilePatch, int]:
    """`patch` with the hunks that follow at line `at` (0-based), and the index after them."""
    found: list[DiffHunk] = []
    while hunk := hunks.get(at + 1):
        found.append(hunk)
        at += lines_of(hunk)
    check_hunks(found, name=name)
    patch = replace(patch, hunks=tuple(found))
    if problem := _without_hunks(patch) if not found else _one_sided(patch):
        raise DiffSyntaxError.at(name, patch.line, problem)
    return patch, at


def _without_hunks(patch: FilePatch) -> str:
    """What is wrong with a patch that has no hunks."""
    moves = patch.is_rename or patch.is_copy or patch.old_path is None or patch.new_path is None
    if not moves and patch.old_mode == patch.new_mode:
        return "a file's part that changes nothing"
    one_side = patch.new_blob if patch.old_path is None else patch.old_blob
    is_empty = any(blob.startswith(one_side) for blob in _EMPTY_BLOBS)
    if patch.old_path is None or patch.new_path is None:
        return "" if is_empty else "the file is not empty, but its content is missing"
    return "" if patch.old_blob == patch.new_blob else "the content changes, but there are no hunks"


def _one_sided(patch: FilePatch) -> str:
    """What is wrong with the hunks of a file that is created or deleted."""
    if patch.old_path is None and (len(patch.hunks) > 1 or patch.hunks[0].old):
        return "a file that is created has no old lines"
    if patch.new_path is None and (len(patch.hunks) > 1 or patch.hunks[0].new):
        return "a file that is deleted keeps no lines"
    return ""


def _check_once(patches: Sequence[FilePatch], name: str) -> None:
    """A path may be taken away once and written once: git writes a link that becomes a file as both."""
    taken: set[str] = set()
    written: set[str] = set()
    for patch in patches:
        old = None if patch.is_copy else patch.old_path
        if old in taken or patch.new_path in written:
            raise DiffSyntaxError.at(name, patch.line, f"a second part for one file, {shown(patch.path)}")
        taken.update([old] if old else [])
        written.update([patch.new_path] if patch.new_path else [])
