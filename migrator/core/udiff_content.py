"""What git shows of a tree's entry in a diff: text, also for a submodule, and an id."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrator.core.tree import Entry, Mode
from migrator.core.udiff_types import Spot

_SUBMODULE = re.compile(rb"Subproject commit ([0-9a-f]{40})\n")


def read_text(entry: Entry) -> bytes:
    """The entry's content as git compares it: a submodule is one line that names its commit."""
    return b"Subproject commit %s\n" % entry.data if entry.mode is Mode.GITLINK else entry.data


def write_text(mode: Mode, text: bytes, spot: Spot) -> Entry:
    """The entry that has `text` as its content. Raises `DiffConflictError` for a submodule without a commit."""
    if mode is not Mode.GITLINK:
        return Entry(text, mode)
    match = _SUBMODULE.fullmatch(text)
    if not match:
        raise spot.conflict(f"expected a submodule's commit, found {text!r}")
    return Entry(match[1], mode)


def parents(path: str) -> Iterator[str]:
    """The folders that hold `path`, outermost first."""
    cut = path.find("/")
    while cut >= 0:
        yield path[:cut]
        cut = path.find("/", cut + 1)
