"""The environment variables that a run adds to the user's: the device's profile, and where Python looks for it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrator.config import make_target
from migrator.core.target import Target
from migrator.emulator.preconditions.real_installation import FACADE, FORCE
from migrator.emulator.profile import AUTOCAST, CARDS, CHIP, RELEASE

SEARCH_PATH = "PYTHONPATH"


@dataclass(frozen=True)
class AskedProfile:
    """The device as the command line describes it; None where it says nothing."""

    release: str | None = None
    mode: str | None = None
    chip: str | None = None
    cards: int | None = None
    autocast: str | None = None
    force: bool = False


def asked_target(asked: AskedProfile, ported_for: Mapping[str, str], environ: Mapping[str, str]) -> Target:
    """The release, mode and chip of a run: what is asked for, else what the user's environment says of the emulated
    device, else what an output was ported for, else the defaults. Raises `UsageError` for what does not go together.
    """
    release = asked.release or environ.get(RELEASE) or ported_for.get("release")
    chip = asked.chip or environ.get(CHIP) or ported_for.get("chip")
    return make_target(release, asked.mode or ported_for.get("mode"), chip, None)


def profile_variables(
    asked: AskedProfile, ported_for: Mapping[str, str], environ: Mapping[str, str], *, emulated: bool
) -> dict[str, str]:
    """The variables that say release, mode, chip and so on, where they are not as the user's environment has them.

    What is asked for wins, then what the user's environment says, then what an output was ported for (its release,
    mode and chip). Where nobody says anything the variable stays unset: the release's own default holds. The
    emulated device's own variables are for emulated runs only. Raises `UsageError` for values that do not exist or
    do not go together.
    """
    release = asked.release or environ.get(RELEASE) or ported_for.get("release")
    chip = asked.chip or environ.get(CHIP) or ported_for.get("chip")
    target = asked_target(asked, ported_for, environ)
    name, value = target.mode_variable
    added: dict[str, str | None] = {}
    if asked.mode or (name not in environ and "mode" in ported_for):
        added[name] = value
    if emulated:
        added[RELEASE] = release and target.release.name
        added[CHIP] = chip
        added[CARDS] = str(asked.cards) if asked.cards else None
        added[AUTOCAST] = asked.autocast
        added[FORCE] = "1" if asked.force else None
    return {name: value for name, value in added.items() if value and environ.get(name) != value}


def search_path(environ: Mapping[str, str], *, emulated: bool, ported: Path | None, package: Path | None) -> str:
    """PYTHONPATH for the run: the emulated habana_frameworks first, an output's folder, what the user has, and last
    the folder of this package, for an emulated run of a package that is not installed. "" leaves it as it is.

    No entry is empty unless it is the user's: an empty one would mean the current folder.
    """
    user = environ.get(SEARCH_PATH, "")
    have = user.split(os.pathsep) if user else []
    first = [FACADE] if emulated else []
    first += [ported] if ported else []
    last = [package] if emulated and package else []
    path = [*_new(first, have), *have, *_new(last, have)]
    return os.pathsep.join(path) if path != have else ""


def _new(folders: Sequence[Path], have: Sequence[str]) -> list[str]:
    return [str(folder) for folder in folders if str(folder) not in have]
