"""Conditions on a release of Gaudi's software, as layers and the API map write them: `>=1.9,<1.17`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from migrator.core.target import Release
from migrator.errors import UsageError

Version = tuple[int, ...]

_COMPARISONS: dict[str, Callable[[Version, Version], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_TERM = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*(\d+\.\d+)\s*")


@dataclass(frozen=True)
class Condition:
    """Comparisons that must all hold; none holds for every release."""

    terms: tuple[tuple[str, Version], ...] = ()

    def holds(self, version: Version) -> bool:
        """Whether `version` meets every comparison."""
        return all(_COMPARISONS[sign](version, bound) for sign, bound in self.terms)


def parse_condition(expression: str) -> Condition:
    """Read comparisons with releases, joined by commas; "" holds always. `UsageError` when it is none."""
    if not expression.strip():
        return Condition()
    terms: list[tuple[str, Version]] = []
    for part in expression.split(","):
        found = _TERM.fullmatch(part)
        if not found:
            raise UsageError(
                f"{expression!r} is not a condition on a release",
                hint="write comparisons with a release's two numbers, joined by commas: '>=1.9,<1.17'",
            )
        terms.append((found[1], parse_version(found[2])))
    return Condition(tuple(terms))


def parse_version(name: str) -> Version:
    """Return the release `name` as numbers, for ordering: "1.9" is (1, 9), before (1, 10)."""
    return tuple(int(part) for part in name.split("."))


def matches(expression: str, release: Release) -> bool:
    """Whether `release` meets `expression`, for instance "", ">=1.17", "<1.13" or ">=1.9,<1.17"."""
    return parse_condition(expression).holds(release.version)
