"""What the command line of `migrate run` asks for, checked before anything is started."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migrator.commands.run_script import find_ported_script, find_script
from migrator.errors import UsageError
from migrator.output_place import find_output
from migrator.runtime.device_choice import Device, choose_device
from migrator.runtime.environment import SEARCH_PATH, Profile, profile_variables, search_path
from migrator.runtime.launch import Launch, python_arguments, read_launch
from migrator.runtime.machine import look_around, trainer_path

_ROOT = Path(__file__).resolve().parents[2]  # the folder that holds this package


@dataclass(frozen=True)
class RunPlan:
    """The command, the variables it adds to the environment, and what the user should know before."""

    device: Device
    command: list[str]
    variables: Mapping[str, str]
    note: str = ""


def make_run_plan(args: argparse.Namespace, cwd: Path, environ: Mapping[str, str]) -> RunPlan:
    """Find the script and the device. Raises `UsageError` for what is wrong or not to be had."""
    _check_counts(args)
    launch, ported, ported_for, note = _find(args.target, read_launch(args.launch), cwd)
    arguments = python_arguments(launch, args.cards)
    path = trainer_path(cwd if launch.is_module else Path(launch.name).resolve().parent)
    device = choose_device(Device(args.device), look_around(path), force=args.force)
    emulated = device is Device.EMULATED
    if not emulated:
        _refuse_emulated_only(args)
    profile = Profile(args.release, args.mode, args.chip, args.cards, args.autocast, args.force)
    variables = profile_variables(profile, ported_for, environ, emulated=emulated)
    search = search_path(
        environ,
        emulated=emulated,
        ported=ported if launch.is_module else None,
        package=None if str(_ROOT) in path[1:] else _ROOT,
    )
    if search:
        variables[SEARCH_PATH] = search
    if "PYTHONUNBUFFERED" not in environ:
        variables["PYTHONUNBUFFERED"] = "1"  # so that lines come when they are printed
    return RunPlan(device, [sys.executable, *arguments], variables, note)


def _find(target: str | None, launch: Launch, cwd: Path) -> tuple[Launch, Path | None, Mapping[str, str], str]:
    """What to launch, the output it is in, what that was ported for, and a note."""
    if target is None:
        return launch if launch.is_module else launch.at(_shown(find_script(launch.name, cwd), cwd)), None, {}, ""
    _, workspace = find_output(target, cwd)
    ported_for = dict(word.split("=", 1) for word in workspace.settings.get("target", "").split() if "=" in word)
    if launch.is_module:
        return launch, workspace.path, ported_for, ""
    script, note = find_ported_script(launch.name, workspace.path, cwd)
    return launch.at(_shown(script, cwd)), workspace.path, ported_for, note


def _shown(path: Path, cwd: Path) -> str:
    """As seen from here where it lies below, as a user would name it."""
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)


def _check_counts(args: argparse.Namespace) -> None:
    if args.json is not None and not args.count:
        raise UsageError("--json is where the counts go, and nothing is to be counted", hint="give --count too")
    if args.json is not None and (args.json.is_dir() or not args.json.parent.is_dir()):
        raise UsageError(f"cannot write {args.json}", hint="name a file in a folder that is there")


def _refuse_emulated_only(args: argparse.Namespace) -> None:
    given = {"--chip": args.chip, "--autocast": args.autocast, "--count": args.count, "--force": args.force}
    asked = [option for option, value in given.items() if value]
    if asked:
        raise UsageError(
            f"{', '.join(asked)}: only for the emulated device, and this runs on a real one",
            hint=f"leave {', '.join(asked)} out; on a real device its own tools count (hl-prof-config, the profiler)",
        )
