"""Which device a run uses: a real card, or the emulated one. Never in silence, and never one that hides the other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from migrator.emulator.preconditions.versions import TESTED_TORCH, check_torch
from migrator.errors import UsageError

EMULATED_NOTE = "emulated hpu device: results are those of CPU arithmetic and say nothing of Gaudi's speed or numerics"


class Device(str, Enum):
    """What `--device` can be."""

    AUTO = "auto"
    HPU = "hpu"
    EMULATED = "emulated"


@dataclass(frozen=True)
class Machine:
    """What the trainer would find here: Gaudi's software, cards (device files), and the version of torch."""

    installation: Path | None
    cards: int
    torch: str | None


def choose_device(asked: Device, machine: Machine, *, force: bool) -> Device:
    """`HPU` or `EMULATED`. Raises `UsageError` for what is not to be had on this machine."""
    if asked is Device.AUTO:
        asked = _found(machine) if not force else Device.EMULATED
    if asked is Device.HPU:
        _check_installed(machine)
    else:
        _check_hides_nothing(machine, force=force)
        _check_torch(machine)
    return asked


def _found(machine: Machine) -> Device:
    if machine.installation is None:
        return Device.EMULATED
    if not machine.cards:
        raise UsageError(
            f"Gaudi's software is installed at {machine.installation}, but this machine has no card: there is no "
            "/dev/accel/accel* and no /dev/hl*",
            hint="start the container with the cards (--runtime=habana); --device hpu tries it all the same, "
            "--device emulated --force emulates",
        )
    return Device.HPU


def _check_installed(machine: Machine) -> None:
    if machine.installation is None:
        raise UsageError(
            "--device hpu: Gaudi's software (habana_frameworks) is not installed for this Python",
            hint="run with the Python of a Gaudi image, or choose --device emulated",
        )


def _check_hides_nothing(machine: Machine, *, force: bool) -> None:
    if machine.installation is not None and not force:
        raise UsageError(
            f"Gaudi's own software is installed at {machine.installation}: the emulated device will not hide it",
            hint="choose --device hpu, or --force to emulate all the same",
        )


def _check_torch(machine: Machine) -> None:
    if machine.torch is None:
        raise UsageError(
            f"the emulated hpu device needs torch {TESTED_TORCH[-1]}, and this Python has no torch",
            hint="pip install 'migrator[emulator]'",
        )
    check_torch(machine.torch)
