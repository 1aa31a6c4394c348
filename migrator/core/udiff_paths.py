"""Paths as git writes them into diffs: C-style quotes, prefixes, timestamps.

Source: https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAMED = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}
_LETTERS = {code: b"\\" + letter for letter, code in _NAMED.items()}
_QUOTED = re.compile(rb'"((?:[^"\\\n]|\\[abtnvfr"\\]|\\[0-3][0-7]{2})*)"')
_ESCAPE = re.compile(rb'\\(?:([0-3][0-7]{2})|([abtnvfr"\\]))')
# GNU diff -N has no other way than this date to say that a file is absent.
_EPOCH = re.compile(rb"(?:1969-12-31|1970-01-01) (\d\d):(\d\d):00(?:\.0+)? ?([-+])(\d\d):?(\d\d)")


def shown(path: str) -> str:
    """`path` for a message: bytes that are not UTF-8 are escaped, so that every screen can print it."""
    return path.encode("utf-8", "backslashreplace").decode()


def decode(raw: bytes) -> str:
    """A path's bytes as text; every byte sequence survives the way back."""
    return raw.decode("utf-8", "surrogateescape")


def encode(path: str) -> bytes:
    """The bytes of a path, as git stores them."""
    return path.encode("utf-8", "surrogateescape")


def _unescape(match: re.Match[bytes]) -> bytes:
    octal, letter = match.groups()
    return bytes([int(octal, 8) if octal else _NAMED[letter]])


def take_quoted(text: bytes) -> tuple[bytes, bytes] | None:
    """Split `text` after the quoted path it starts with, or None when it starts with none."""
    match = _QUOTED.match(text)
    return (_ESCAPE.sub(_unescape, match[1]), text[match.end() :]) if match else None


def unquote(text: bytes) -> bytes | None:
    """The path that makes up the whole of `text`, quoted or not; None for a broken quotation."""
    if not text.startswith(b'"'):
        return text
    taken = take_quoted(text)
    return taken[0] if taken and not taken[1] else None


def quote(raw: bytes) -> bytes:
    """`raw` as git writes it by default: in quotes when it holds a control, a quote or a byte over 127."""
    if not any(b < 32 or b >= 127 or b in b'"\\' for b in raw):
        return raw
    plain = (bytes([b]) if 32 <= b < 127 else b"\\%03o" % b for b in raw)
    return b'"' + b"".join(_LETTERS.get(b, text) for b, text in zip(raw, plain, strict=True)) + b'"'


def strip_prefix(raw: bytes) -> bytes | None:
    """`raw` without its first folder (`a/`, `b/`, as `patch -p1`), or None when it has none."""
    head, slash, rest = raw.partition(b"/")
    return rest if head and slash and rest else None


def file_line(text: bytes) -> tuple[bytes, bytes] | None:
    """The path and the timestamp after `--- ` or `+++ `; a tab ends the path. None for a broken quotation."""
    taken = take_quoted(text) if text.startswith(b'"') else None
    if taken is None:
        path, _, stamp = text.partition(b"\t")
        return None if path.startswith(b'"') else (path, stamp)
    path, rest = taken
    return (path, rest[1:]) if rest[:1] in (b"", b"\t") else None


def is_epoch(stamp: bytes) -> bool:
    """Whether `stamp` is 1970-01-01 00:00 UTC in some zone."""
    match = _EPOCH.fullmatch(stamp)
    if not match:
        return False
    hour, minute, sign, zone_hour, zone_minute = match.groups()
    zone = int(zone_hour) * 60 + int(zone_minute)
    day = -1440 if stamp.startswith(b"1969") else 0
    return day + int(hour) * 60 + int(minute) == (zone if sign == b"+" else -zone)


def header_names(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """All ways to read what follows `diff --git ` as two paths, without their prefixes.

    Unquoted paths may hold spaces, so the line alone does not always say where the first one ends.
    """
    taken = take_quoted(text)
    cuts = [taken] if taken else [(text[:i], text[i:]) for i, b in enumerate(text) if b == 32]
    for first, rest in cuts:
        second = unquote(rest[1:]) if rest.startswith(b" ") else None
        old, new = strip_prefix(first), strip_prefix(second or b"")
        if old is not None and new is not None:
            yield old, new
