"""What the emulated device stands for in this process: release, mode, chip, cards, operator lists.

Read from the environment, so that children of a run (workers, launched and spawned processes) get the same. `migrate
run` sets the variables that begin with MIGRATE_HPU_; PT_HPU_LAZY_MODE and PT_HPU_AUTOLOAD are Gaudi's own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from migrator.config import make_target
from migrator.core.target import Chip, ExecutionMode, Release
from migrator.errors import UsageError

AutocastLists = Literal["cpu", "gaudi"]
AUTOCAST_LISTS: tuple[AutocastLists, ...] = ("gaudi", "cpu")

RELEASE = "MIGRATE_HPU_RELEASE"
CHIP = "MIGRATE_HPU_CHIP"
CARDS = "MIGRATE_HPU_CARDS"
AUTOCAST = "MIGRATE_HPU_AUTOCAST"


@dataclass(frozen=True)
class Profile:
    """A Gaudi machine, as far as programs can tell. `cards` is what `device_count()` says."""

    release: Release
    lazy: bool
    chip: Chip
    cards: int
    autocast: AutocastLists
    autoload: bool


@cache
def current() -> Profile:
    """This process's profile. Read once, as Gaudi's software does: later changes of the environment have no effect."""
    return read_profile(os.environ)


def read_profile(environ: Mapping[str, str]) -> Profile:
    """The profile that environment variables ask for; by default the newest release in its own mode, gaudi2, one card.

    Raises `UsageError` for a value that is none.
    """
    target = make_target(environ.get(RELEASE), None, environ.get(CHIP), None)
    release = target.release
    lazy = _lazy(release, environ)
    return Profile(release, lazy, target.chip, _cards(environ), _autocast(environ), _autoload(release, lazy, environ))


def _lazy(release: Release, environ: Mapping[str, str]) -> bool:
    value = environ.get(release.env["lazy_mode"])
    if value is None:
        return release.default_mode is ExecutionMode.LAZY
    # Only the values of other modes switch it off (bridge 1.19.0, habana_frameworks/torch/utils/internal.py).
    others = {number for mode, number in release.mode_values.items() if mode is not ExecutionMode.LAZY}
    return value not in others


def _autoload(release: Release, lazy: bool, environ: Mapping[str, str]) -> bool:
    asked = environ.get(release.env.get("autoload", ""), "")
    return release.autoload and (asked == "1" or (asked != "0" and not lazy))


def _cards(environ: Mapping[str, str]) -> int:
    """As asked; else as many as a launcher started processes on this machine; else one."""
    text = environ.get(CARDS) or environ.get("LOCAL_WORLD_SIZE") or environ.get("OMPI_COMM_WORLD_LOCAL_SIZE") or "1"
    if not text.isdecimal() or not int(text):
        raise UsageError(f"{CARDS} is {text!r}", hint="set it to the number of cards, 1 or more")
    return int(text)


def _autocast(environ: Mapping[str, str]) -> AutocastLists:
    text = environ.get(AUTOCAST, AUTOCAST_LISTS[0])
    if text not in AUTOCAST_LISTS:
        raise UsageError(f"{AUTOCAST} is {text!r}", hint=f"set it to one of {', '.join(AUTOCAST_LISTS)}")
    return text
