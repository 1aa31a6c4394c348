"""The parts of a unified diff as plain values, and the two ways in which one can fail."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

from migrator.core.findings import LineRange
from migrator.core.tree import Mode
from migrator.core.udiff_paths import shown
from migrator.errors import LayerError

ALREADY_APPLIED = "this diff seems to be applied already: remove it from the series, or start from the unpatched tree"


def split_lines(data: bytes) -> list[bytes]:
    """The lines of `data` with their ends. Only LF ends a line, as in git; `bytes.splitlines` also cuts at CR."""
    return BytesIO(data).readlines()


class DiffSyntaxError(LayerError):
    """A diff is not well formed, or holds what cannot be applied exactly (exit 4)."""

    @classmethod
    def at(cls, diff: str, line: int, problem: str, *, hint: str = "") -> DiffSyntaxError:
        """The error for `problem` at a line (1-based) of the diff."""
        again = "write the diff again with `git diff`; a diff edited by hand rarely keeps its counts"
        return cls(f"{diff}:{line}: {problem}", hint=hint or again)


class DiffConflictError(LayerError):
    """A well-formed diff does not fit the tree (exit 4)."""


class Row(NamedTuple):
    """One line of a hunk. `text` ends in a newline, except for a last line marked as having none."""

    mark: str  # " ", "-" or "+"
    text: bytes


@dataclass(frozen=True)
class DiffHunk:
    """One hunk: `number` counts from 1 in its file, `line` is where its header stands in the diff."""

    number: int
    line: int
    before: LineRange
    after: LineRange
    rows: tuple[Row, ...]

    @property
    def old(self) -> list[bytes]:
        """The lines that must be there: context and removed ones."""
        return [text for mark, text in self.rows if mark != "+"]

    @property
    def new(self) -> list[bytes]:
        """The lines that stand there afterwards: context and added ones."""
        return [text for mark, text in self.rows if mark != "-"]


@dataclass(frozen=True)
class FilePatch:
    """What a diff does to one file.

    `old_path` is None for a file that is created, `new_path` for one that is deleted. A mode is None where the
    diff does not state it. `old_blob` and `new_blob` are git's ids as far as the `index` line gives them.
    """

    line: int
    old_path: str | None
    new_path: str | None
    old_mode: Mode | None = None
    new_mode: Mode | None = None
    is_rename: bool = False
    is_copy: bool = False
    old_blob: str = ""
    new_blob: str = ""
    hunks: tuple[DiffHunk, ...] = ()

    @property
    def path(self) -> str:
        """The path afterwards, or the last one of a deleted file."""
        return self.new_path or self.old_path or ""


@dataclass(frozen=True)
class Spot:
    """Which file of which diff: what every conflict's message begins with."""

    diff: str
    patch: FilePatch

    def conflict(self, problem: str, *, hunk: DiffHunk | None = None, hint: str = "") -> DiffConflictError:
        """The error to raise for `problem` in this file, or in one hunk of it."""
        line = hunk.line if hunk else self.patch.line
        drifted = "the file drifted from what the diff was made for: make the diff anew"
        part = f"hunk {hunk.number} of " if hunk else ""
        return DiffConflictError(f"{self.diff}:{line}: {part}{shown(self.patch.path)}: {problem}", hint=hint or drifted)
