"""What `migrate run --config NAME` runs: a configuration of the recipe, with the user's folders and settings."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from migrator.commands.run_start import check_checkpoints, check_inputs
from migrator.commands.run_tree import Tree
from migrator.core.target import Chip
from migrator.errors import UsageError
from migrator.runtime.configurations import Configuration, TrainerConfigs
from migrator.runtime.launch import Launch
from migrator.runtime.trainer_arguments import Value, fill, filled, overridden, placeholders, words
from migrator.trainer_config_tables import TREE
from migrator.trainer_configs import load_configs


def find_configuration(args: argparse.Namespace, tree: Tree) -> tuple[TrainerConfigs, Configuration]:
    """The configuration that is asked for, and all of its recipe. Raises `UsageError` where it cannot run on `tree`."""
    configs = load_configs(tree.settings.get("recipe", tree.name))
    configuration = configs.find(args.config)
    if args.launch and not args.dashed:
        raise UsageError(
            f"--config {args.config} says what to run, and {args.launch[0]} is a script too",
            hint="leave one of them out; arguments to be added come after --",
        )
    if not tree.reaches(configuration.level):
        there = f"--level {args.level} is asked for" if args.level else f"{tree.path} is at {tree.level}"
        raise UsageError(
            f"configuration {configuration.name} needs level {configuration.level}, and {there}",
            hint=_how_to_reach(configuration, tree, args.level),
        )
    if configuration.entry.one_process and ((args.cards or 1) > 1 or args.launcher):
        raise UsageError(
            f"configuration {configuration.name} is for one process: {configuration.entry.script} knows of no others",
            hint="leave --cards and --launcher out",
        )
    return configs, configuration


def _how_to_reach(configuration: Configuration, tree: Tree, asked: str | None) -> str:
    if asked:
        return f"leave --level {asked} out, or choose --level {configuration.level}"
    return f"migrate apply makes it: --level {configuration.level}"


def configured_launch(
    args: argparse.Namespace, configs: TrainerConfigs, configuration: Configuration, tree: str, chip: Chip, cwd: Path
) -> tuple[Launch, str]:
    """The script with all its arguments, and the folder for compiled graphs, or "". `tree` is the folder of the output
    as the user would name it. Raises `UsageError` for a folder that is not given, for a setting of no argument, and,
    unless the line is only printed, where the script would not find what it needs.
    """
    arguments = overridden(configuration.arguments_for(chip), args.set or [])
    given = _given(args, tree)
    _check_folders(configs, configuration, arguments, given)
    script = str(Path(tree, configuration.entry.script))
    whole = filled(arguments, given)
    if not args.print:  # a printed line may be for another machine
        check_inputs(configs, configuration, arguments, given, args.launch, cwd)
        check_checkpoints(configuration, whole, args.launch, cwd)
    launch = Launch(script, False, (*words(whole), *args.launch))
    cached = placeholders([configs.recipe_cache]) <= given.keys()
    return launch, fill(configs.recipe_cache, given) if cached else ""


def _given(args: argparse.Namespace, tree: str) -> dict[str, str]:
    """The folders that stand for the placeholders, without a slash at the end."""
    asked = {"data": args.data, "out": args.out, TREE: tree}
    if empty := [name for name, folder in asked.items() if folder == ""]:
        raise UsageError(f"--{empty[0]} is empty", hint="name a folder; . is the one you are in")
    return {name: folder.rstrip("/") or "/" for name, folder in asked.items() if folder is not None}


def _check_folders(
    configs: TrainerConfigs, configuration: Configuration, arguments: Mapping[str, Value], given: Mapping[str, str]
) -> None:
    missing = [name for name in configs.folders if name in placeholders(arguments.values()) - given.keys()]
    if missing:
        raise UsageError(
            f"configuration {configuration.name} needs {' and '.join(f'--{name} DIR' for name in missing)}",
            hint="; ".join(f"{name} {configs.folders[name]}" for name in missing),
        )


def refuse_without_config(args: argparse.Namespace) -> None:
    """Raise `UsageError` for options that only a configuration has a use for."""
    given = {"--set": args.set, "--data": args.data, "--out": args.out}
    if asked := [option for option, value in given.items() if value is not None]:
        raise UsageError(
            f"{', '.join(asked)}: only for a configuration",
            hint="name one with --config (--configs lists them), or write the script's own arguments",
        )
