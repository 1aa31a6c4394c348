"""Paths as git writes them in diffs: quoted like C strings when they hold unusual bytes.

Source: core.quotePath in https://git-scm.com/docs/git-config
"""

from __future__ import annotations

import re

_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_LETTERS = {letter: code for code, letter in _ESCAPES.items()}
_ESCAPED = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')


def quote(path: bytes) -> bytes:
    """Return `path` as git prints it: as it is, or quoted when a byte of it needs an escape."""
    if all(32 <= byte < 127 and byte not in _ESCAPES for byte in path):
        return path
    return b'"' + b"".join(_escape(byte) for byte in path) + b'"'


def _escape(byte: int) -> bytes:
    if byte in _ESCAPES:
        return b"\\" + _ESCAPES[byte].encode()
    return bytes([byte]) if 32 <= byte < 127 else b"\\%03o" % byte


def unquote(name: bytes) -> bytes:
    """Return the path that git printed as `name`."""
    if not (len(name) >= 2 and name.startswith(b'"') and name.endswith(b'"')):
        return name
    return _ESCAPED.sub(_unescape, name[1:-1])


def _unescape(match: re.Match[bytes]) -> bytes:
    escape = match[1].decode()
    return bytes([_LETTERS[escape] if escape in _LETTERS else int(escape, 8)])
