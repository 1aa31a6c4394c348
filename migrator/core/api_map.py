"""The API map: what becomes of each name that only a GPU has.

An entry is about one qualified name or, as `prefix.*`, about every name below a prefix; the most exact entry wins.
docs/api-map.md describes how the entries are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from migrator.core.findings import Kind
from migrator.core.releases import matches, parse_condition
from migrator.core.target import Release
from migrator.core.toolkit_names import Toolkit
from migrator.errors import UsageError

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\.\*)?")
# Parts of a name that say nothing of a GPU: a file that has only these is not worth parsing.
_COMMON_PARTS = frozenset(
    {
        *("torch", "Tensor", "nn", "Module", "parallel", "comm", "utils", "version", "profiler", "autograd"),
        *("amp", "attention", "backends", "distributed", "Backend", "*"),
    }
)
_NO_TOOLKIT = Toolkit()


@dataclass(frozen=True)
class ApiEntry:
    """What becomes of one name: renamed (`to`), rewritten by a `rule`, or left for a person with `advice`."""

    name: str
    kind: Kind
    to: str = ""
    releases: str = ""  # a condition on the target's release; "" holds always
    rule: str = ""
    reason: str = ""
    advice: str = ""
    source: str = ""


@dataclass(frozen=True)
class ApiMap:
    """Entries by name, and what Gaudi's run-time migration is known to answer."""

    entries: tuple[ApiEntry, ...] = ()
    toolkit: Toolkit = _NO_TOOLKIT

    @cached_property
    def _by_name(self) -> Mapping[str, ApiEntry]:
        return {entry.name: entry for entry in self.entries}

    def lookup(self, qualified_name: str) -> ApiEntry | None:
        """The entry for `qualified_name`: the exact one, else that of the longest `prefix.*` above it."""
        if found := self._by_name.get(qualified_name):
            return found
        prefix = qualified_name
        while "." in prefix:
            prefix = prefix.rpartition(".")[0]
            if found := self._by_name.get(f"{prefix}.*"):
                return found
        return None

    def at(self, release: Release) -> ApiMap:
        """The entries that hold for `release`; a name whose own entry does not falls to its `prefix.*`."""
        return ApiMap(tuple(entry for entry in self.entries if matches(entry.releases, release)), self.toolkit)

    @cached_property
    def needles(self) -> tuple[bytes, ...]:
        """Bytes of which a file that uses any of the names has at least one: a name is written with all its parts."""
        return tuple(sorted({_needle(entry.name) for entry in self.entries}))


def _needle(name: str) -> bytes:
    parts = name.split(".")
    telling = [part for part in parts if part not in _COMMON_PARTS]
    return (telling[0] if telling else max(parts, key=len)).encode()


def build(entries: Iterable[ApiEntry], toolkit: Toolkit = _NO_TOOLKIT) -> ApiMap:
    """Return the map of `entries`. `UsageError` when a name stands in it twice."""
    seen: dict[str, ApiEntry] = {}
    for entry in entries:
        if entry.name in seen:
            raise UsageError(f"the API map has {entry.name!r} twice")
        seen[entry.name] = entry
    return ApiMap(tuple(seen.values()), toolkit)


_KEYS = frozenset({"class", "also", *(field.name for field in fields(ApiEntry))}) - {"kind"}


def parse(document: Mapping[str, Any], origin: str) -> tuple[ApiEntry, ...]:
    """Return the entries of one file's document; `origin` names the file in messages. `UsageError` for a wrong one.

    `source` at the top of the document is the source of the entries that name none of their own.
    """
    if unknown := sorted(set(document) - {"api", "source", "toolkit"}):
        raise UsageError(f"{origin}: unknown key {unknown[0]!r}")
    default = document.get("source", "")
    return tuple(entry for row in document.get("api", []) for entry in _entries(row, default, origin))


def _entries(row: Mapping[str, Any], default_source: str, origin: str) -> Iterator[ApiEntry]:
    """The entries of one `[[api]]` table: one for `name`, one for each other spelling in `also`."""
    where = f"{origin}: {row.get('name', 'an entry without a name')}"
    if unknown := sorted(set(row) - _KEYS):
        raise UsageError(f"{where}: unknown key {unknown[0]!r}")
    try:
        kind = Kind(row.get("class"))
    except ValueError:
        choices = ", ".join(kind.value for kind in Kind)
        raise UsageError(f"{where}: class {row.get('class')!r} is none of {choices}") from None
    shared = {"source": default_source} | {key: row[key] for key in row.keys() - {"name", "also", "class"}}
    for name in (row.get("name", ""), *row.get("also", [])):
        entry = ApiEntry(name=name, kind=kind, **shared)
        if problem := _problem(entry):
            raise UsageError(f"{where}: {problem}", hint="docs/api-map.md says what an entry must have")
        parse_condition(entry.releases)
        yield entry


def _problem(entry: ApiEntry) -> str:
    """What `entry` lacks or has too much, or "" when it is complete."""
    left = entry.kind in (Kind.MANUAL, Kind.UNSUPPORTED)
    rewritten = entry.kind in (Kind.MODIFIED, Kind.MISMATCH)
    checks = {
        f"{entry.name!r} is not a dotted name": not _NAME.fullmatch(entry.name),
        "a match says with `to` what it becomes, and nothing else does": bool(entry.to) != (entry.kind is Kind.MATCH),
        f"{entry.to!r} is not a dotted name": bool(entry.to) and not _NAME.fullmatch(entry.to),
        "a match is about one name, not a prefix": entry.kind is Kind.MATCH and entry.name.endswith("*"),
        f"class {entry.kind.value} needs the `rule` that rewrites it": rewritten and not entry.rule,
        f"class {entry.kind.value} needs `advice`": left and not entry.advice,
        f"class {entry.kind.value} has no `rule`: it is left for a person": left and bool(entry.rule),
        f"class {entry.kind.value} needs a `reason`": entry.kind is not Kind.MATCH and not entry.reason,
        "it needs a `source`": not entry.source,
    }
    return next((problem for problem, found in checks.items() if found), "")
