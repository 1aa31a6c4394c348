"""Where the hunks of a diff stand in a file: at their stated line, else at the only place that holds them whole.

There is no fuzz: every line of context and every removed line must be there, byte by byte. Reduced context is how
a diff lands in the wrong function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.core.udiff_types import DiffHunk, Spot

_SHOWN = 4
_WIDTH = 100


@dataclass(frozen=True)
class Placed:
    """A hunk with the index (0-based) of the line where it stands, `moved` lines from where it says."""

    hunk: DiffHunk
    at: int
    moved: int

    @property
    def stop(self) -> int:
        """The index after the lines that the hunk replaces."""
        return self.at + self.hunk.before.count


def place(lines: Sequence[bytes], spot: Spot) -> list[Placed]:
    """Find all hunks of `spot.patch` in `lines`. Raises `DiffConflictError` for the first that does not fit."""
    placed: list[Placed] = []
    moved = free = 0
    for hunk in spot.patch.hunks:
        at = _found(lines, hunk, moved, spot) if hunk.before.count else _gap(lines, hunk, moved, spot)
        if at < free:
            problem = f"fits only at line {at + 1}, inside or above hunk {hunk.number - 1}, which ends at line {free}"
            raise spot.conflict(problem, hunk=hunk)
        moved = at - (hunk.before.start - 1)
        placed.append(Placed(hunk, at, moved))
        free = placed[-1].stop
    return placed


def stands_already(lines: Sequence[bytes], hunks: Sequence[DiffHunk]) -> bool:
    """Whether the file looks as the hunks would leave it, at the lines that they state."""
    places = ((hunk.after.start - 1, hunk) for hunk in hunks)
    return any(h.new for h in hunks) and all(list(lines[at : at + h.after.count]) == h.new for at, h in places)


def _found(lines: Sequence[bytes], hunk: DiffHunk, moved: int, spot: Spot) -> int:
    stated = hunk.before.start - 1 + moved
    if _fits(lines, hunk, stated):
        return stated
    first = hunk.old[0]
    sites = [at for at, line in enumerate(lines) if line == first and _fits(lines, hunk, at)]
    if not sites:
        raise spot.conflict(_difference(lines, hunk, stated), hunk=hunk)
    if len(sites) > 1:
        some = [str(at + 1) for at in sites[:-1][:_SHOWN]] + ["..."] * (len(sites) > _SHOWN + 1)
        problem = f"does not fit at line {stated + 1}, but fits at lines {', '.join(some)} and {sites[-1] + 1}"
        raise spot.conflict(problem, hunk=hunk, hint="make the diff anew, with more lines of context: `git diff -U8`")
    return sites[0]


def _fits(lines: Sequence[bytes], hunk: DiffHunk, at: int) -> bool:
    stop = at + hunk.before.count
    here = at >= 0 and list(lines[at:stop]) == hunk.old
    return here and (stop == len(lines) or not _ends_file(hunk))


def _ends_file(hunk: DiffHunk) -> bool:
    """Whether the hunk can only stand at the end of a file.

    So does one that leaves a last line without newline, and one that only adds lines and has context above them
    but not below: a diff tool leaves that out at a file's end alone, and without this rule such a hunk would
    apply a second time. `git apply` demands the same (match_end in its apply.c).
    """
    new = hunk.new
    unended = bool(new) and not new[-1].endswith(b"\n")
    appends = hunk.rows[-1].mark == "+" and all(row.mark != "-" for row in hunk.rows)
    return unended or appends


def _gap(lines: Sequence[bytes], hunk: DiffHunk, moved: int, spot: Spot) -> int:
    """The place of lines that are added without context: nothing can be compared, so only the stated line will do."""
    at = hunk.before.start - 1
    if moved:
        problem = f"adds lines without context, but the hunk above it was found {_distance(moved)}"
    elif at > len(lines):
        problem = f"adds lines below line {at}: expected that line, found the end of the file at line {len(lines)}"
    elif at == len(lines) and lines and not lines[-1].endswith(b"\n"):
        problem = f"adds lines below line {at}: expected a newline at its end, found none"
    elif at < len(lines) and not hunk.new[-1].endswith(b"\n"):
        problem = f"ends the file: at line {at + 1} expected the end of the file, found {_quoted(lines[at])}"
    else:
        return at
    raise spot.conflict(problem, hunk=hunk)


def _difference(lines: Sequence[bytes], hunk: DiffHunk, at: int) -> str:
    """What was expected and what was found at the first line that differs from the hunk."""
    start = max(at, 0)
    found = lines[start : start + hunk.before.count]
    for number, expected in enumerate(hunk.old):
        actual = found[number] if number < len(found) else None
        if actual != expected:
            seen = "the end of the file" if actual is None else _quoted(actual)
            return f"does not fit: at line {start + number + 1} expected {_quoted(expected)}, found {seen}"
    stop = start + hunk.before.count
    return f"ends the file: at line {stop + 1} expected the end of the file, found {_quoted(lines[stop])}"


def _quoted(line: bytes) -> str:
    text = line.decode("utf-8", "backslashreplace")
    return repr(text if len(text) <= _WIDTH else f"{text[:_WIDTH]}...")


def _distance(moved: int) -> str:
    return f"{counted(abs(moved))} further {'down' if moved > 0 else 'up'}"


def counted(lines: int) -> str:
    """`1 line`, `2 lines`."""
    return f"{lines} line" if lines == 1 else f"{lines} lines"


def note(placed: Placed, path: str) -> str:
    """`hunk 2 of train.py found 3 lines further down`, or nothing for a hunk that stands where it says."""
    return f"hunk {placed.hunk.number} of {path} found {_distance(placed.moved)}" if placed.moved else ""


def rewritten(lines: Sequence[bytes], placed: Sequence[Placed]) -> list[bytes]:
    """The lines of the file with all hunks applied."""
    out: list[bytes] = []
    at = 0
    for one in placed:
        out += [*lines[at : one.at], *one.hunk.new]
        at = one.stop
    return [*out, *lines[at:]]
