"""Which GPU-only names Gaudi's own GPU migration toolkit is known to answer while a program runs.

A name that is not here may be answered too: nobody has looked, so it is left for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from migrator.errors import UsageError

_REQUIRED = {"names", "source"}
_TOGETHER = {"package", "advice"}


@dataclass(frozen=True)
class KnownNames:
    """Names that one source shows to be answered; those of a `package` only where it is installed as `advice` says."""

    names: frozenset[str]
    source: str
    package: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Toolkit:
    """All that is known of it."""

    known: tuple[KnownNames, ...] = ()

    @cached_property
    def _by_name(self) -> Mapping[str, KnownNames]:
        return {name: group for group in self.known for name in group.names}

    def find(self, qualified_name: str) -> KnownNames | None:
        """What is known of exactly this name."""
        return self._by_name.get(qualified_name)

    def package(self, name: str) -> KnownNames | None:
        """What has to be installed for the names of a package to be answered."""
        return next((group for group in self.known if group.package and group.package == name), None)


def parse_toolkit(tables: Iterable[Mapping[str, Any]], origin: str) -> tuple[KnownNames, ...]:
    """Return the `[[toolkit]]` tables of the file `origin`. `UsageError` for a wrong one."""
    return tuple(_group(table, f"{origin}: [[toolkit]] {number}") for number, table in enumerate(tables, 1))


def build_toolkit(groups: Iterable[KnownNames]) -> Toolkit:
    """Return the toolkit of `groups`. `UsageError` when a name stands in two of them."""
    known = tuple(groups)
    seen: set[str] = set()
    for group in known:
        if twice := sorted(seen & group.names):
            raise UsageError(f"the toolkit's names have {twice[0]!r} twice")
        seen |= group.names
    return Toolkit(known)


def _group(table: Mapping[str, Any], where: str) -> KnownNames:
    given = set(table)
    if unknown := sorted(given - _REQUIRED - _TOGETHER):
        raise UsageError(f"{where}: unknown key {unknown[0]!r}")
    if missing := sorted(_REQUIRED - given):
        raise UsageError(f"{where}: {missing[0]!r} is missing")
    if len(given & _TOGETHER) == 1:
        raise UsageError(f"{where}: a package and the advice how to install it go together")
    names = list(table["names"])
    if len(set(names)) < len(names):
        raise UsageError(f"{where}: a name stands there twice")
    return KnownNames(**{**table, "names": frozenset(names)})
