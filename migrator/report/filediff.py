"""A diff as values: files, hunks and numbered lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from migrator.core.findings import LineRange
from migrator.core.linemap import Hunk


class FileStatus(str, Enum):
    """What happened to a file between two stages."""

    ADDED = "added"
    DELETED = "deleted"
    RENAMED = "renamed"
    MODIFIED = "modified"


@dataclass(frozen=True)
class DiffLine:
    """One line of a hunk: `op` is " ", "-" or "+"; its 1-based number on each side that has it."""

    op: str
    text: str
    before: int | None
    after: int | None
    newline: bool = True  # False: the last line of a file that does not end in one


@dataclass(frozen=True)
class DiffHunk:
    """A hunk as git prints it, with context; `section` is the text after the second @@."""

    before: LineRange
    after: LineRange
    section: str
    lines: tuple[DiffLine, ...]

    @property
    def header(self) -> str:
        """The ranges as git writes them: an empty range names the line it comes after."""
        return f"@@ -{_printed(self.before)} +{_printed(self.after)} @@"

    @property
    def runs(self) -> tuple[Hunk, ...]:
        """The changed lines alone: one hunk without context for each unbroken run."""
        return tuple(_runs(self))


@dataclass(frozen=True)
class FileDiff:
    """One file's part of a diff. `old_path` differs from `path` after a rename only."""

    old_path: str
    path: str
    status: FileStatus
    hunks: tuple[DiffHunk, ...] = ()
    binary: bool = False
    old_mode: str = ""
    mode: str = ""

    @property
    def added(self) -> int:
        """Number of lines added."""
        return sum(line.op == "+" for hunk in self.hunks for line in hunk.lines)

    @property
    def removed(self) -> int:
        """Number of lines removed."""
        return sum(line.op == "-" for hunk in self.hunks for line in hunk.lines)


def _printed(lines: LineRange) -> str:
    if lines.count == 1:
        return str(lines.start)
    return f"{lines.start if lines.count else lines.start - 1},{lines.count}"


def _runs(hunk: DiffHunk) -> Iterator[Hunk]:
    before, after = hunk.before.start, hunk.after.start
    removed = added = 0
    for line in (*hunk.lines, DiffLine(" ", "", None, None)):
        if line.op == "-":
            removed += 1
        elif line.op == "+":
            added += 1
        else:
            if removed or added:
                yield Hunk(LineRange(before, removed), LineRange(after, added))
            before, after = before + removed + 1, after + added + 1
            removed = added = 0
