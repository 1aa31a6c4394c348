"""`migrate run --configs`: the configurations of a recipe."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
from pathlib import Path
from typing import Any

from migrator.commands.run_options import NO_FILE
from migrator.console import on_terminal, out
from migrator.errors import ExitCode, UsageError
from migrator.output_place import DEFAULT_TARGET, find_output
from migrator.runtime.configurations import Configuration, TrainerConfigs
from migrator.runtime.trainer_arguments import placeholders
from migrator.trainer_configs import has_configs, load_configs

_NARROW = 20  # columns; in fewer, text is hard to read


def list_configs(args: argparse.Namespace, cwd: Path) -> int:
    """Print them all, one a line or as JSON. Nothing needs to be migrated for it."""
    if args.launch:
        raise UsageError(f"--configs lists and runs nothing, and {args.launch[0]} stands there too")
    if args.json not in (None, NO_FILE):
        raise UsageError(f"--configs --json {args.json}: it is printed", hint="write --json after TARGET, with no FILE")
    configs = load_configs(_recipe(args.target, cwd))
    if args.json is not None:
        out(json.dumps([_values(each) for each in configs.configurations], indent=2))
    else:
        _table(configs)
    return ExitCode.DONE


def _recipe(target: str | None, cwd: Path) -> str:
    """The recipe that an output was made by, or the recipe itself."""
    name = target or DEFAULT_TARGET
    if Path(name).name == name and has_configs(name):
        return name
    return find_output(name, cwd)[1].settings.get("recipe", name)


def _table(configs: TrainerConfigs) -> None:
    rows = [(each.name, each.level, _cards(each), _summary(each)) for each in configs.configurations]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for row in rows:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        _row("".join(f"{cell}  " for cell in padded), row[-1])
    out()
    for name, what in configs.folders.items():
        _row(f"--{name} DIR ".ljust(len("--data DIR ")), what)


def _row(start: str, text: str) -> None:
    """On a terminal what is longer than its lines goes on below the text; elsewhere a row is one line."""
    room = shutil.get_terminal_size().columns - len(start)
    if not on_terminal() or room < _NARROW:
        out(start + text)
        return
    for number, line in enumerate(textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)):
        out((start if not number else " " * len(start)) + line)


def _cards(configuration: Configuration) -> str:
    return f"{configuration.cards} card{'s' if configuration.cards != 1 else ''}"


def _summary(configuration: Configuration) -> str:
    return configuration.summary + (f"; after {configuration.after}" if configuration.after else "")


def _values(configuration: Configuration) -> dict[str, Any]:
    return {
        "name": configuration.name,
        "summary": configuration.summary,
        "level": configuration.level,
        "cards": configuration.cards,
        "after": configuration.after or None,
        "script": configuration.entry.script,
        "folders": sorted(placeholders(configuration.arguments.values()) - {"tree"}),
        "arguments": configuration.arguments,
        "chips": {chip.value: sizes for chip, sizes in configuration.chips.items()},
    }
