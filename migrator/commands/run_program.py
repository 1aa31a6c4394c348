"""What `migrate run` runs: a script or module that the command line names, or a configuration of a recipe."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migrator.commands.run_config import configured_launch, find_configuration, refuse_without_config
from migrator.commands.run_script import find_ported_script, find_script
from migrator.commands.run_tree import Tree, find_tree
from migrator.core.target import Target
from migrator.errors import UsageError
from migrator.runtime.environment import AskedProfile, asked_target
from migrator.runtime.launch import Launch, read_launch


@dataclass(frozen=True)
class Program:
    """What to launch, on how many cards, for which target, and the output it is in.

    `local_rank` are the options by which a configuration's script takes its local rank, None where nobody says;
    `recipe_cache` is the folder for compiled graphs, or "".
    """

    launch: Launch
    cards: int | None
    target: Target
    tree: Tree | None
    notes: tuple[str, ...]
    local_rank: tuple[str, ...] | None = None
    recipe_cache: str = ""

    @property
    def ported_for(self) -> dict[str, str]:
        """What the output that it is in was ported for."""
        return self.tree.ported_for if self.tree else {}


def find_program(args: argparse.Namespace, cwd: Path, environ: Mapping[str, str]) -> Program:
    """Find what is to run. Raises `UsageError` for what is not there."""
    if args.config is not None:
        return _configured(args, find_tree(args.target, args.level, cwd), cwd, environ)
    refuse_without_config(args)
    launch = read_launch(args.launch)
    if args.target is None:
        return _own(launch, args, cwd, environ)
    return _ported(launch, args, find_tree(args.target, args.level, cwd), cwd, environ)


def _target(args: argparse.Namespace, ported_for: Mapping[str, str], environ: Mapping[str, str]) -> Target:
    return asked_target(AskedProfile(args.release, args.mode, args.chip), ported_for, environ)


def _own(launch: Launch, args: argparse.Namespace, cwd: Path, environ: Mapping[str, str]) -> Program:
    """A script of the user's own."""
    if args.level:
        raise UsageError("--level is for a TARGET, and there is none", hint="name a recipe or a migrated folder")
    if not launch.is_module:
        launch = launch.at(_shown(find_script(launch.name, cwd), cwd))
    return Program(launch, args.cards, _target(args, {}, environ), None, ())


def _ported(launch: Launch, args: argparse.Namespace, tree: Tree, cwd: Path, environ: Mapping[str, str]) -> Program:
    """A script of an output."""
    notes = [tree.note]
    if not launch.is_module:
        script, note = find_ported_script(launch.name, tree.path, cwd)
        launch = launch.at(_shown(script, cwd))
        notes.append(note)
    return Program(launch, args.cards, _target(args, tree.ported_for, environ), tree, tuple(filter(None, notes)))


def _configured(args: argparse.Namespace, tree: Tree, cwd: Path, environ: Mapping[str, str]) -> Program:
    """A configuration of the output's recipe."""
    configs, configuration = find_configuration(args, tree)
    entry = configuration.entry
    find_ported_script(entry.script, tree.path, cwd)
    target = _target(args, tree.ported_for, environ)
    launch, cache = configured_launch(args, configs, configuration, _shown(tree.path, cwd), target.chip, cwd)
    cards = args.cards or configuration.cards
    return Program(launch, cards, target, tree, tuple(filter(None, [tree.note])), entry.local_rank, cache)


def _shown(path: Path, cwd: Path) -> str:
    """As seen from here where it lies below, as a user would name it."""
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)
