"""Trailers: the `Key: value` lines at the end of a commit message.

Format: https://git-scm.com/docs/git-interpret-trailers
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_LINE = re.compile(rf"({_KEY.pattern}):(?:[ \t]+(.*))?")


def format_trailers(trailers: Mapping[str, str]) -> str:
    """Return one `Key: value` line an entry, in order, each with its newline.

    Raises `ValueError` for a key or a value that would not be read back as it is.
    """
    for key, value in trailers.items():
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no trailer key: letters, digits and hyphens only")
        if value != value.strip() or len(value.splitlines()) > 1:
            raise ValueError(f"the value of trailer {key} is not one line without spaces around it: {value!r}")
    return "".join(f"{key}: {value}".rstrip() + "\n" for key, value in trailers.items())


def parse_trailers(message: str) -> dict[str, str]:
    """Return the trailers of a commit message; empty when its last paragraph holds anything else.

    Folded values are joined by one space. Of a key that stands twice, the last counts.
    """
    _, *paragraphs = re.split(r"\n(?:[ \t]*\n)+", message.strip())
    if not paragraphs:
        return {}
    trailers: dict[str, str] = {}
    for line in re.sub(r"\n[ \t]+", " ", paragraphs[-1]).split("\n"):
        found = _LINE.fullmatch(line)
        if found is None:
            return {}
        trailers[found[1]] = (found[2] or "").strip()
    return trailers
