"""Read git's unified diff into files, hunks and numbered lines.

The sections and their headers are read here, since a path may hold anything; the hunks are read by `unidiff`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from unidiff.patch import PatchSet

from migrator.core.findings import LineRange
from migrator.report.filediff import DiffHunk, DiffLine, FileDiff, FileStatus
from migrator.report.quoting import unquote

_SECTION = re.compile(rb"^diff --git ", re.MULTILINE)


def sections(diff: bytes) -> list[bytes]:
    """Split a diff into its files' parts, each starting with `diff --git`."""
    ends = [*(match.start() for match in _SECTION.finditer(diff)), len(diff)]
    return [diff[start:stop] for start, stop in pairwise(ends)]


def parse(diff: bytes) -> list[FileDiff]:
    """Read what `git diff` printed with the prefixes a/ and b/."""
    return [_file(section) for section in sections(diff)]


def _file(section: bytes) -> FileDiff:
    at = section.find(b"\n@@ ")
    head = section if at < 0 else section[: at + 1]
    fields = _extended_header(head)
    name = _name(head.partition(b"\n")[0])
    old_path = _text(unquote(fields["rename from"])) if "rename from" in fields else name
    path = _text(unquote(fields["rename to"])) if "rename to" in fields else name
    status = next((status for field, status in _STATUS.items() if field in fields), FileStatus.MODIFIED)
    return FileDiff(
        old_path,
        path,
        status,
        () if at < 0 else tuple(_hunks(section[at + 1 :])),
        binary="GIT binary patch" in fields,
        old_mode=_text(fields.get("old mode", b"")),
        mode=_text(fields.get("new mode", fields.get("new file mode", b""))),
    )


_STATUS = {
    "new file mode": FileStatus.ADDED,
    "deleted file mode": FileStatus.DELETED,
    "rename from": FileStatus.RENAMED,
}
_FIELD = re.compile(
    rb"^(rename from|rename to|old mode|new mode|new file mode|deleted file mode|GIT binary patch)(?: (.*))?$",
    re.MULTILINE,
)


def _extended_header(head: bytes) -> dict[str, bytes]:
    return {match[1].decode(): match[2] or b"" for match in _FIELD.finditer(head)}


def _name(line: bytes) -> str:
    """The path in `diff --git a/PATH b/PATH`, which is written twice and may itself hold blanks."""
    names = line.removeprefix(b"diff --git ")
    return _text(unquote(names[: (len(names) - 1) // 2]).removeprefix(b"a/"))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _hunks(body: bytes) -> Iterator[DiffHunk]:
    text = body.decode("utf-8", "replace")
    # neutral names: unidiff splits lines of names at blanks
    lines = ["--- a/file\n", "+++ b/file\n", *(line + "\n" for line in text.split("\n")[:-1])]
    for hunk in PatchSet(lines)[0]:
        shown: list[DiffLine] = []
        for line in hunk:
            if line.line_type == "\\":
                shown[-1] = replace(shown[-1], newline=False)
            else:
                shown.append(DiffLine(line.line_type, line.value[:-1], line.source_line_no, line.target_line_no))
        before = _gap_before(hunk.source_start, hunk.source_length)
        after = _gap_before(hunk.target_start, hunk.target_length)
        yield DiffHunk(before, after, hunk.section_header, tuple(shown))


def _gap_before(start: int, count: int) -> LineRange:
    """git numbers an empty range by the line before it, a `LineRange` by the line after it."""
    return LineRange(start if count else start + 1, count)
