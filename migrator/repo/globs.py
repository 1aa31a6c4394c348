"""Globs over paths in a tree: `*` and `?` stay within a part of the path, `**` spans any number of parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence


def path_filter(globs: Sequence[str]) -> Callable[[str], bool]:
    """Return a predicate: whether a path matches one of `globs`; with no globs, every path does."""
    if not globs:
        return lambda path: True
    pattern = re.compile("|".join(f"(?:{_expression(glob)})" for glob in globs))
    return lambda path: pattern.fullmatch(path) is not None


def _expression(glob: str) -> str:
    tokens = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(wild.get(token, re.escape(token)) for token in tokens)
