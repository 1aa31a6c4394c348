"""What the command line of `migrate run` asks for, checked before anything is started."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migrator.commands.run_options import NO_FILE
from migrator.commands.run_program import Program, find_program
from migrator.errors import UsageError
from migrator.runtime.device_choice import Device, choose_device
from migrator.runtime.environment import SEARCH_PATH, AskedProfile, profile_variables, search_path
from migrator.runtime.launchers import (
    Processes,
    choose_processes,
    command_line,
    launch_variables,
    needs_use_env,
)
from migrator.runtime.machine import look_around, trainer_path

_ROOT = Path(__file__).resolve().parents[2]  # the folder that holds this package


@dataclass(frozen=True)
class RunPlan:
    """The command, the variables it adds to the environment, and what the user should know before."""

    device: Device
    command: list[str]
    variables: Mapping[str, str]
    notes: tuple[str, ...] = ()


def make_run_plan(args: argparse.Namespace, cwd: Path, environ: Mapping[str, str]) -> RunPlan:
    """Find the script and the device. Raises `UsageError` for what is wrong or not to be had."""
    _check_counts(args)
    program = find_program(args, cwd, environ)
    processes = choose_processes(program.cards, args.launcher, _split(args.launcher_options))
    command = command_line(sys.executable, program.launch, processes, use_env=_uses_env(program))
    path = trainer_path(cwd if program.launch.is_module else Path(program.launch.name).resolve().parent)
    device = _device(args, path)
    if not args.print:
        command[0] = _program(command[0], environ)
    variables = _variables(args, program, processes, environ, path, emulated=device is Device.EMULATED)
    return RunPlan(device, command, variables, program.notes)


def _device(args: argparse.Namespace, path: list[str]) -> Device:
    """The device; a line for real ones can be printed where there are none."""
    asked = Device(args.device)
    printed = args.print and asked is Device.HPU
    device = asked if printed else choose_device(asked, look_around(path), force=args.force)
    if device is not Device.EMULATED:
        _refuse_emulated_only(args)
    return device


def _variables(
    args: argparse.Namespace,
    program: Program,
    processes: Processes,
    environ: Mapping[str, str],
    path: list[str],
    *,
    emulated: bool,
) -> dict[str, str]:
    profile = AskedProfile(args.release, args.mode, args.chip, program.cards, args.autocast, args.force)
    variables = profile_variables(profile, program.ported_for, environ, emulated=emulated)
    variables |= launch_variables(processes, program.target.release, program.recipe_cache, environ)
    search = search_path(
        environ,
        emulated=emulated,
        ported=program.tree.path if program.tree and program.launch.is_module else None,
        package=None if str(_ROOT) in path[1:] else _ROOT,
    )
    if search:
        variables[SEARCH_PATH] = search
    if "PYTHONUNBUFFERED" not in environ:
        variables["PYTHONUNBUFFERED"] = "1"  # so that lines come when they are printed
    return variables


def _split(options: str | None) -> list[str] | None:
    try:
        return None if options is None else shlex.split(options)
    except ValueError as error:
        raise UsageError(f"--launcher-options {options}: {error}", hint="quote it as for a shell") from error


def _uses_env(program: Program) -> bool:
    torch_version = program.target.release.torch_version
    return program.local_rank is not None and needs_use_env(program.local_rank, torch_version)


def _program(name: str, environ: Mapping[str, str]) -> str:
    """The program `name`, which is Python's path or mpirun, as it is found on the path."""
    found = shutil.which(name, path=environ.get("PATH"))
    if found is None:
        raise UsageError(
            f"there is no {name} on the path",
            hint="install Open MPI, or choose --launcher torchrun; --print needs none",
        )
    return found


def _check_counts(args: argparse.Namespace) -> None:
    if args.json is not None and not args.count:
        raise UsageError("--json is where the counts go, and nothing is to be counted", hint="give --count too")
    if args.json == NO_FILE:
        raise UsageError("--json names no file", hint="name one for the counts: --json FILE")
    if args.json is not None and (args.json.is_dir() or not args.json.parent.is_dir()):
        raise UsageError(f"cannot write {args.json}", hint="name a file in a folder that is there")


def _refuse_emulated_only(args: argparse.Namespace) -> None:
    chip = None if args.config else args.chip  # a configuration takes its sizes from it
    given = {"--chip": chip, "--autocast": args.autocast, "--count": args.count, "--force": args.force}
    asked = [option for option, value in given.items() if value]
    if asked:
        raise UsageError(
            f"{', '.join(asked)}: only for the emulated device, and this runs on a real one",
            hint=f"leave {', '.join(asked)} out; on a real device its own tools count (hl-prof-config, the profiler)",
        )
