"""The table of releases: facts written once for a range of releases, expanded to one record a release.

`migrator/targets.toml` holds `[[release]]` tables (what each release alone has) and `[[fact]]` tables (what holds
`since` one release `until` another, both included). Two facts that say the same thing of one release are an error,
and so is a release of which something is not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from migrator.core.releases import Version, parse_version
from migrator.core.target import Chip, ExecutionMode, Release
from migrator.errors import UsageError

_RANGE_KEYS = frozenset({"since", "until", "source"})
_FACT_KEYS = frozenset(
    {"default_mode", "modes", "mixed_precision", "compile_backend", "autoload", "chips", "gpu_migration", "env"}
)
_RELEASE_KEYS = frozenset({"name", "torch", "source"})


@dataclass(frozen=True)
class ReleaseFacts:
    """A release, with what is known of it beyond the shared `Release`."""

    release: Release
    chips: tuple[Chip, ...]
    gpu_migration: str  # how Gaudi's own run-time migration starts: "none", "import" or "variable"
    sources: tuple[str, ...]


def expand(document: Mapping[str, Any]) -> Mapping[str, ReleaseFacts]:
    """Return the releases of a table by name, oldest first. `UsageError` for a table that contradicts itself."""
    facts = [_checked(fact, _RANGE_KEYS | _FACT_KEYS, "fact") for fact in document.get("fact", [])]
    rows = [_checked(row, _RELEASE_KEYS, "release") for row in document.get("release", [])]
    expanded: dict[str, ReleaseFacts] = {}
    for row in sorted(rows, key=lambda row: parse_version(row["name"])):
        if row["name"] in expanded:
            raise UsageError(f"release {row['name']} stands in the table twice")
        expanded[row["name"]] = _record(row, [fact for fact in facts if _within(fact, parse_version(row["name"]))])
    return MappingProxyType(expanded)


def _checked(table: Mapping[str, Any], known: frozenset[str], what: str) -> Mapping[str, Any]:
    if unknown := sorted(set(table) - known):
        raise UsageError(f"unknown key {unknown[0]!r} in a {what} of the release table")
    if not table.get("source"):
        raise UsageError(f"a {what} of the release table names no source: {dict(table)}")
    return table


def _within(fact: Mapping[str, Any], version: Version) -> bool:
    until = fact.get("until")
    return parse_version(fact["since"]) <= version and (until is None or version <= parse_version(until))


def _merged(name: str, facts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Gather what `facts` say of the release `name`; environment variables merge, all else is said once."""
    values: dict[str, Any] = {"env": {}}
    for fact in facts:
        for key in fact.keys() & _FACT_KEYS:
            target, said = (values["env"], fact["env"]) if key == "env" else (values, {key: fact[key]})
            for inner, value in said.items():
                if inner in target:
                    raise UsageError(f"two facts give {inner!r} for release {name}")
                target[inner] = value
    if missing := sorted(_FACT_KEYS - values.keys()):
        raise UsageError(f"no fact gives {missing[0]!r} for release {name}")
    return values


def _record(row: Mapping[str, Any], facts: list[Mapping[str, Any]]) -> ReleaseFacts:
    name = str(row["name"])
    values = _merged(name, facts)
    mode_values = {ExecutionMode(mode): str(value) for mode, value in values["modes"].items()}
    release = Release(
        name=name,
        torch=row["torch"],
        default_mode=ExecutionMode(values["default_mode"]),
        modes=tuple(mode_values),
        mixed_precision=values["mixed_precision"],
        compile_backend=values["compile_backend"],
        autoload=values["autoload"],
        env=MappingProxyType(values["env"]),
        mode_values=MappingProxyType(mode_values),
    )
    return ReleaseFacts(
        release=release,
        chips=tuple(Chip(chip) for chip in values["chips"]),
        gpu_migration=values["gpu_migration"],
        sources=tuple(dict.fromkeys([row["source"], *(fact["source"] for fact in facts)])),
    )
