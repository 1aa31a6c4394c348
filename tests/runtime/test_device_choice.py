"""Which device a run gets, for each kind of machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.emulator.preconditions.real_installation import FACADE
from migrator.emulator.preconditions.versions import TESTED_TORCH
from migrator.errors import UsageError
from migrator.runtime.device_choice import Device, Machine, choose_device
from migrator.runtime.machine import look_around

INSTALLED = Path("/opt/habana_frameworks")
TORCH = TESTED_TORCH[-1]
AUTO, HPU, EMULATED = Device


@pytest.mark.parametrize(
    ("asked", "machine", "force", "chosen"),
    [
        (AUTO, Machine(INSTALLED, 8, "2.9.0"), False, HPU),
        (AUTO, Machine(None, 0, TORCH), False, EMULATED),
        (AUTO, Machine(None, 1, TORCH), False, EMULATED),  # some other accelerator's device file
        (AUTO, Machine(INSTALLED, 0, TORCH), True, EMULATED),
        (HPU, Machine(INSTALLED, 0, None), False, HPU),
        (EMULATED, Machine(None, 0, f"{TORCH}+cpu"), False, EMULATED),
        (EMULATED, Machine(INSTALLED, 8, TORCH), True, EMULATED),
    ],
)
def test_choices(asked: Device, machine: Machine, force: bool, chosen: Device) -> None:
    assert choose_device(asked, machine, force=force) is chosen


@pytest.mark.parametrize(
    ("asked", "machine", "said"),
    [
        (AUTO, Machine(INSTALLED, 0, TORCH), "this machine has no card"),
        (AUTO, Machine(None, 0, None), "has no torch"),
        (HPU, Machine(None, 8, TORCH), "is not installed"),
        (EMULATED, Machine(INSTALLED, 8, TORCH), "will not hide it"),
        (EMULATED, Machine(None, 0, None), "has no torch"),
        (EMULATED, Machine(None, 0, "2.5.1"), "does not work with torch 2.5.1"),
    ],
)
def test_refusals_say_what_to_do(asked: Device, machine: Machine, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        choose_device(asked, machine, force=False)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("files", "cards"),
    [
        ((), 0),
        (("accel/accel0", "accel/accel1", "accel/accel_controlD0"), 2),
        (("hl0", "hl_controlD0", "hl10"), 2),
        (("hlthing", "accelerate"), 0),
    ],
)
def test_device_files(tmp_path: Path, files: tuple[str, ...], cards: int) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert look_around([], tmp_path).cards == cards


def test_what_is_installed_is_found_without_importing_it(tmp_path: Path) -> None:
    (tmp_path / "habana_frameworks").mkdir()
    (tmp_path / "torch-9.9.dist-info").mkdir()
    (tmp_path / "torch-9.9.dist-info" / "METADATA").write_text("Name: torch\nVersion: 9.9\n")
    assert look_around([str(FACADE)], tmp_path) == Machine(None, 0, None)
    assert look_around([str(FACADE), str(tmp_path)], tmp_path) == Machine(tmp_path / "habana_frameworks", 0, "9.9")
