"""Check the pins against what this machine has: their syntax, the cache, the mirrors, the embedded files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from migrator.errors import MigrateError
from migrator.repo.failures import NotHereError
from migrator.repo.known_pins import load_pin, pin_names
from migrator.repo.settings import Settings
from migrator.repo.upstream import obtain


class Verdict(str, Enum):
    """What a check came to."""

    GOOD = "good"
    NOT_HERE = "not here"
    WRONG = "wrong"


@dataclass(frozen=True)
class Checked:
    """One pin's verdict; `detail` is the tree that was verified, or the reason."""

    name: str
    verdict: Verdict
    detail: str


def check_pins(settings: Settings, pins: Path | None = None) -> list[Checked]:
    """Check every pin. With `settings.network` False, an upstream that is not on this machine is `NOT_HERE`."""
    return [_check(name, settings, pins) for name in pin_names(pins)]


def _check(name: str, settings: Settings, pins: Path | None) -> Checked:
    try:
        found = obtain(load_pin(name, pins), settings=settings)
    except NotHereError as error:
        return Checked(name, Verdict.NOT_HERE, error.message)
    except MigrateError as error:
        return Checked(name, Verdict.WRONG, error.message)
    return Checked(name, Verdict.GOOD, f"tree {found.tree_hash}")
