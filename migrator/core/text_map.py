"""The text map: words that only an NVIDIA GPU gives a meaning to, in files that are not Python.

Which words these are stands in `patches/text_map/`; docs/text-map.md describes how the entries are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from migrator.core.findings import Kind
from migrator.core.globs import ALL, selected


@dataclass(frozen=True)
class TextEntry:
    """What is left for a person wherever one of `patterns`, regular expressions within a line, matches whole words."""

    name: str
    patterns: tuple[str, ...]
    kind: Kind
    reason: str
    advice: str
    source: str
    files: tuple[str, ...] = ALL

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The patterns as one, which matches no part of a longer word: not `cupy` in `mycupy`, `cupyx` or `my-cupy`."""
        return re.compile(rf"(?<![\w-])(?:{'|'.join(self.patterns)})(?!\w)")


@dataclass(frozen=True)
class TextMap:
    """Entries in the order in which they are asked."""

    entries: tuple[TextEntry, ...] = ()

    def for_file(self, path: str) -> TextMap:
        """The entries that are about the file at `path`."""
        return TextMap(tuple(entry for entry in self.entries if selected(path, entry.files)))

    def uses(self, line: str) -> Iterator[tuple[str, TextEntry]]:
        """The matches in a line from left to right; of those that overlap the first, then the longest."""
        found = [(match.span(), number) for number, e in enumerate(self.entries) for match in e.regex.finditer(line)]
        end = 0
        for (start, stop), number in sorted(found, key=lambda each: (each[0][0], -each[0][1], each[1])):
            if start >= end:
                end = stop
                yield line[start:stop], self.entries[number]
