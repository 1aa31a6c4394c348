"""What the trainer will find on this machine, told without importing any of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

from migrator.emulator.preconditions.real_installation import find_real_installation
from migrator.runtime.device_choice import Machine

_DEVICES = Path("/dev")


def look_around(path: Sequence[str], devices: Path = _DEVICES) -> Machine:
    """What there is: `path` is the trainer's `sys.path`, `devices` the folder of device files."""
    # Gaudi's drivers make accel/accel0 in newer kernels and hl0 in older ones, each with a control device beside it.
    cards = [*devices.glob("accel/accel[0-9]*"), *devices.glob("hl[0-9]*")]
    found = next(iter(distributions(name="torch", path=list(path))), None)
    return Machine(find_real_installation(path), len(cards), found.version if found else None)


def trainer_path(first: Path) -> list[str]:
    """The `sys.path` of another run of this Python, whose first entry is `first` (the script's folder).

    This process's own may begin with the folder of the program `migrate`, which has no packages in it.
    """
    return [str(first), *sys.path]
