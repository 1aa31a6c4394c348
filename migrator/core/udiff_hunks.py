"""The hunks of a diff, found by `unidiff` and checked for what it lets pass.

Only a hunk's counts tell a removed line `-- x` from the header `--- x`, so unidiff walks the whole diff to find
them. Its reading of git's headers is not used: it rejects paths that hold ` b/`, ignores rename lines and skips
text it does not know (version 1.0.1). Such lines are hidden from it behind a neutral one, which also keeps a hunk
from running on into what follows it; `migrator.core.udiff_headers` reads them. Lines are cut at `\\n` alone and
decoded as Latin-1, so form feeds, carriage returns and bytes of any encoding come back as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk, PatchSet

from migrator.core.findings import LineRange
from migrator.core.udiff_types import DiffHunk, DiffSyntaxError, Row

_HEADER = re.compile(rb"@@ -\d{1,9}(?:,\d{1,9})? \+\d{1,9}(?:,\d{1,9})? @@(?: .*)?\n", re.DOTALL)
_NEUTRAL = "#\n"
_MARKER = "\\ No newline at end of file\n"
_BINARY = (b"GIT binary patch", b"Binary files ")
_EMPTY = re.compile(rb"@@ -\d+,0+ \+\d+,0+ @@")


class _Feed:
    """The lines of a diff as unidiff is to see them; `number` is the 1-based line handed out last."""

    def __init__(self, lines: Sequence[bytes], first: int, name: str) -> None:
        self.lines, self.first, self.name, self.number = lines, first, name, 0

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self.lines, 1):
            self.number = number
            yield _NEUTRAL if number < self.first else self._shielded(line)

    def _shielded(self, line: bytes) -> str:
        if line.startswith(b"\\ "):
            return _MARKER  # diff tools translate its text
        if line.startswith(b"@") and not _HEADER.fullmatch(line):
            raise DiffSyntaxError.at(self.name, self.number, f"not a hunk header: {line!r}")
        if _EMPTY.match(line):
            raise DiffSyntaxError.at(self.name, self.number, "a hunk without lines")
        if line.startswith(_BINARY):
            raise self._binary()
        # an empty line is an empty line of context whose blank was lost, as GNU diff and git allow
        body = line[:1] in (b" ", b"+", b"-", b"@") or line == b"\n"
        return line.decode("latin-1") if body else _NEUTRAL

    def _binary(self) -> DiffSyntaxError:
        """The error that names the file, which only the header above `GIT binary patch` does."""
        above = (line for line in reversed(self.lines[: self.number]) if line.startswith((b"diff --git", b"Binary")))
        text = next(above, b"no header").decode("utf-8", "backslashreplace").strip()
        hint = "only text can be patched; add the whole file instead"
        return DiffSyntaxError.at(self.name, self.number, f"a change of a binary file ({text})", hint=hint)


def find_hunks(lines: Sequence[bytes], first: int, *, name: str) -> dict[int, DiffHunk]:
    """All hunks of a diff by the 1-based line of their header; text above line `first` is none of the diff's."""
    feed = _Feed(lines, first, name)
    try:
        files = PatchSet(feed)
    except UnidiffParseError as error:
        problem = str(error).partition(":")[0]
        raise DiffSyntaxError.at(name, feed.number, f"{problem}: {lines[feed.number - 1]!r}") from error
    found = (_hunk(number, hunk, name) for file in files for number, hunk in enumerate(file, 1))
    return {hunk.line: hunk for hunk in found}


def lines_of(hunk: DiffHunk) -> int:
    """How many lines of the diff the hunk takes: header, rows and markers."""
    return 1 + len(hunk.rows) + sum(not text.endswith(b"\n") for _, text in hunk.rows)


def _hunk(number: int, hunk: Hunk, name: str) -> DiffHunk:
    # unidiff appends a blank line that follows a hunk, without a type; it is no part of the hunk
    body = list(takewhile(lambda line: line.line_type, hunk))
    line = (body[0].diff_line_no or 0) - 1
    rows: list[Row] = []
    for at, item in enumerate(body, line + 1):
        if item.line_type == "\\":
            rows = _without_newline(rows, name, at)
        else:
            rows.append(Row(item.line_type, item.value.encode("latin-1")))
    if not any(mark != " " for mark, _ in rows):
        raise DiffSyntaxError.at(name, line, "a hunk that changes nothing")
    before = _range(hunk.source_start, hunk.source_length)
    after = _range(hunk.target_start, hunk.target_length)
    return DiffHunk(number, line, before, after, tuple(rows))


def _range(start: int, count: int) -> LineRange:
    """With no lines, a hunk's header names the line before the gap, `LineRange` the one after it."""
    return LineRange(start + (count == 0), count)


def _without_newline(rows: list[Row], name: str, line: int) -> list[Row]:
    if not rows or not rows[-1].text.endswith(b"\n"):
        raise DiffSyntaxError.at(name, line, "a marker for a missing newline that follows no line")
    mark, text = rows[-1]
    return [*rows[:-1], Row(mark, text[:-1])]


def check_hunks(hunks: Sequence[DiffHunk], *, name: str) -> None:
    """Raise `DiffSyntaxError` unless the hunks of one file follow one another and their line numbers agree."""
    shift = 0
    for previous, hunk in zip((None, *hunks), hunks, strict=False):
        if problem := _misplaced(previous, hunk, shift):
            raise DiffSyntaxError.at(name, hunk.line, f"hunk {hunk.number} {problem}")
        shift += hunk.after.count - hunk.before.count
        _check_last_lines(hunk, hunk is hunks[-1], name)


def _misplaced(previous: DiffHunk | None, hunk: DiffHunk, shift: int) -> str:
    """What is wrong with the lines that a hunk states; `shift` lines were added above it."""
    start = hunk.before.start
    if previous:
        same_gap = start == previous.before.start and not hunk.before.count
        if start < previous.before.stop or same_gap:
            return "overlaps the one before it, or is out of order"
    if start < 1 or hunk.after.start < 1:
        return "has lines before line 1"
    if hunk.after.start != start + shift:
        return f"starts at new line {hunk.after.start}, by the lines above it must be {start + shift}"
    return ""


def _check_last_lines(hunk: DiffHunk, last: bool, name: str) -> None:
    """A line without newline is the last one of its file, so no line of its side may follow."""
    for side in (hunk.old, hunk.new):
        early = side if not last else side[:-1]
        if any(not text.endswith(b"\n") for text in early):
            raise DiffSyntaxError.at(name, hunk.line, f"hunk {hunk.number} has lines after the end of the file")
