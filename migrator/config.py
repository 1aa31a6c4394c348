"""What a port is made for: the known releases, and a target from what the user asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from migrator.core.release_table import ReleaseFacts, expand
from migrator.core.target import Chip, ExecutionMode, Release, Style, Target
from migrator.errors import UsageError
from migrator.toml_file import read_toml

_TARGETS = Path(__file__).resolve().parent / "targets.toml"
_NUMBERS = re.compile(r"(\d+\.\d+)(\.\d+)*")
_Choice = TypeVar("_Choice", bound=Enum)


@cache
def load_facts() -> Mapping[str, ReleaseFacts]:
    """All that is known of each release, oldest first: chips and run-time migration too."""
    return expand(read_toml(_TARGETS))


@cache
def load_releases() -> Mapping[str, Release]:
    """The known releases of Gaudi's software by name ("1.23"), oldest first."""
    return MappingProxyType({name: facts.release for name, facts in load_facts().items()})


def make_target(release: str | None, mode: str | None, chip: str | None, style: str | None) -> Target:
    """Return the target asked for; by default the newest known release, lazy, gaudi2, native.

    `UsageError` for an unknown release, mode, chip or style, and for a combination that the release does not have.
    """
    facts = _find_release(release)
    target = Target(
        facts.release,
        _choose(ExecutionMode, mode, ExecutionMode.LAZY, "mode"),
        _choose(Chip, chip, Chip.GAUDI2, "chip"),
        _choose(Style, style, Style.NATIVE, "style"),
    )
    _require(facts, "mode", target.mode, facts.release.modes)
    _require(facts, "chip", target.chip, facts.chips)
    if target.style is Style.GPU_MIGRATION and facts.gpu_migration == "none":
        raise UsageError(f"release {facts.release.name} has no GPU migration", hint="choose release 1.9 or newer")
    return target


def _find_release(name: str | None) -> ReleaseFacts:
    """The facts of the release `name`; a patch release ("1.23.1") is its release. None: the newest one."""
    known = load_facts()
    if name is None:
        return list(known.values())[-1]
    numbers = _NUMBERS.fullmatch(name.strip())
    if numbers is None or numbers[1] not in known:
        raise UsageError(f"release {name!r} is not known", hint=f"known releases: {', '.join(known)}")
    return known[numbers[1]]


def _choose(choices: type[_Choice], value: str | None, default: _Choice, what: str) -> _Choice:
    if value is None:
        return default
    try:
        return choices(value)
    except ValueError:
        raise UsageError(f"there is no {what} {value!r}", hint=f"choose one of {_names(choices)}") from None


def _require(facts: ReleaseFacts, what: str, value: Enum, offered: tuple[Enum, ...]) -> None:
    if value not in offered:
        raise UsageError(
            f"release {facts.release.name} does not have the {what} {value.value!r}",
            hint=f"the {what}s of release {facts.release.name}: {_names(offered)}",
        )


def _names(choices: Iterable[Enum]) -> str:
    return ", ".join(str(choice.value) for choice in choices)
