"""The lines above a file's hunks, read but not yet interpreted: git's keyed lines, and `---` and `+++`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from migrator.core.udiff_paths import decode, file_line, is_epoch, strip_prefix
from migrator.core.udiff_types import DiffSyntaxError

_EXTENDED = re.compile(
    rb"(old mode|new mode|deleted file mode|new file mode|rename from|rename to|copy from|copy to"
    rb"|similarity index|dissimilarity index|index) (.+)\n"
)
_GIT = b"diff --git "
_MERGES = (b"diff --cc ", b"diff --combined ")
_ABSENT = b"/dev/null"
_Files = tuple[bytes | None, bytes | None]


@dataclass(frozen=True)
class Section:
    """The header lines of one file: the keyed ones, and the paths of the `---` and `+++` lines."""

    name: str
    line: int
    git_names: bytes | None  # what follows `diff --git `; None in a plain diff
    fields: dict[str, bytes] = field(default_factory=dict)
    files: _Files | None = None

    def error(self, problem: str, *, hint: str = "") -> DiffSyntaxError:
        """The error to raise for the section as a whole."""
        return DiffSyntaxError.at(self.name, self.line, problem, hint=hint)


def starts_section(lines: Sequence[bytes], at: int) -> bool:
    """Whether line `at` (0-based) begins a file's part of the diff."""
    if lines[at].startswith((_GIT, *_MERGES)):
        return True
    start = at + lines[at].startswith(b"diff -")  # the command that GNU diff -r writes above a pair
    return [line[:4] for line in lines[start : start + 2]] == [b"--- ", b"+++ "]


def read_section(lines: Sequence[bytes], at: int, *, name: str) -> tuple[Section, int]:
    """Read the header at line `at` (0-based). Returns it and the index of the line after it."""
    first = lines[at]
    if first.startswith(_MERGES):
        hint = "compare two trees: `git diff ONE TWO`"
        raise DiffSyntaxError.at(name, at + 1, "a combined diff, made from a merge", hint=hint)
    if first.endswith(b"\r\n"):
        raise _converted(name, at + 1)
    names = first[len(_GIT) : -1] if first.startswith(_GIT) else None
    start = at + first.startswith(b"diff ")
    fields = {} if names is None else _fields(lines, start, name)
    start += len(fields)
    files = _files(lines, start, name)
    return Section(name, at + 1, names, fields, files), start + (2 if files else 0)


def _fields(lines: Sequence[bytes], start: int, name: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    while start < len(lines) and (match := _EXTENDED.fullmatch(lines[start])):
        key = match[1].decode()
        if key in found:
            raise DiffSyntaxError.at(name, start + 1, f"a second line `{key}` for one file")
        found[key] = match[2]
        start += 1
    return found


def _files(lines: Sequence[bytes], at: int, name: str) -> _Files | None:
    """Read `---` and `+++`, when they are there."""
    if not lines[at : at + 1] or not lines[at].startswith(b"--- "):
        return None
    if not lines[at + 1 : at + 2] or not lines[at + 1].startswith(b"+++ "):
        raise DiffSyntaxError.at(name, at + 1, "a line `---` that no line `+++` follows")
    if not lines[at + 2 : at + 3] or not lines[at + 2].startswith(b"@@"):
        raise DiffSyntaxError.at(name, at + 2, "a line `+++` that no hunk follows")
    old, new = (_file(line, name, number) for number, line in enumerate(lines[at : at + 2], at + 1))
    return old, new


def _file(line: bytes, name: str, number: int) -> bytes | None:
    """The path of a `---` or `+++` line without its prefix; None when it says that there is no file."""
    if line.endswith(b"\r\n"):
        raise _converted(name, number)
    taken = file_line(line[4:-1])
    if taken is None:
        raise DiffSyntaxError.at(name, number, f"a broken quotation: {line!r}")
    path, stamp = taken
    if path == _ABSENT or is_epoch(stamp):
        return None
    stripped = strip_prefix(path)
    if stripped is None:
        hint = "paths need a first folder that is not part of them, as git's a/ and b/"
        raise DiffSyntaxError.at(name, number, f"the path {decode(path)!r} has no prefix", hint=hint)
    return stripped


def _converted(name: str, line: int) -> DiffSyntaxError:
    hint = "the diff itself was converted to CRLF; convert it back, or make it anew"
    return DiffSyntaxError.at(name, line, "a header line that ends in a carriage return", hint=hint)
