"""The text map as it stands on disk: every TOML file in patches/text_map/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from migrator.core.findings import Kind
from migrator.core.globs import ALL
from migrator.core.text_map import TextEntry, TextMap
from migrator.errors import UsageError
from migrator.repo.toml_table import Table, open_table
from migrator.resources import find_data

_LINE = {"form": r"\S.*", "means": "one line of text"}


def read_text_map(folder: Path) -> TextMap:
    """Return the map of all TOML files in `folder`. `UsageError` when there is none or an entry is wrong."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise UsageError(f"{folder}: no text map there", hint="the package is incomplete: install it again")
    seen: dict[str, TextEntry] = {}
    for entry in (entry for file in files for entry in _entries(file)):
        if entry.name in seen:
            raise UsageError(f"the text map has {entry.name!r} twice")
        seen[entry.name] = entry
    return TextMap(tuple(seen.values()))


@cache
def load_text_map() -> TextMap:
    """The map in force: the package's, or the user's own in `MIGRATE_DATA`."""
    return read_text_map(find_data("patches/text_map"))


def _entries(file: Path) -> Iterator[TextEntry]:
    document = open_table(file)
    default = document.text("source", "")
    rows = document.tables("text")
    document.finish()
    for row in rows:
        yield _entry(row, default)


def _entry(row: Table, default_source: str) -> TextEntry:
    kind = row.text("class", form="manual|unsupported", means="manual or unsupported")
    entry = TextEntry(
        name=row.text("name", **_LINE),
        patterns=_patterns(row),
        kind=Kind(kind),
        reason=row.text("reason", **_LINE),
        advice=row.text("advice", **_LINE),
        source=row.text("source", default_source or None, **_LINE),
        files=row.texts("files") or ALL,
    )
    row.finish()
    return entry


def _patterns(row: Table) -> tuple[str, ...]:
    patterns = row.texts("patterns")
    if not patterns:
        row.refuse("patterns", "is missing or empty")
    for pattern in patterns:
        try:
            empty = re.compile(pattern).fullmatch("")
        except re.error as error:
            row.refuse("patterns", f"has {pattern!r}, which is no regular expression: {error}")
        if empty:
            row.refuse("patterns", f"has {pattern!r}, which matches nothing at all")
    return patterns
