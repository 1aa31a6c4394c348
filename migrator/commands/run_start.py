"""What a configuration's script has to find, and what has to be out of its way, before it is started.

A trainer finds out by itself, but late, once a card, and often with a traceback only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from migrator.errors import UsageError
from migrator.runtime.configurations import Checkpoints, Configuration, TrainerConfigs
from migrator.runtime.trainer_arguments import Arguments, fill, names_argument


def check_inputs(
    configs: TrainerConfigs,
    configuration: Configuration,
    arguments: Arguments,
    folders: Mapping[str, str],
    more: Sequence[str],
    cwd: Path,
) -> None:
    """Raise `UsageError` where something that the script reads is not there. `arguments` still have placeholders;
    `more` are the user's own, which win.
    """
    for name in configuration.entry.reads:
        template = arguments[name]
        if not isinstance(template, str) or names_argument(more, name):
            continue
        path = fill(template, folders)
        if not (cwd / path).exists():
            raise UsageError(
                f"there is no {path}, which configuration {configuration.name} reads (--{name})",
                hint=_where_from(configs, name, template),
            )


def _where_from(configs: TrainerConfigs, name: str, template: str) -> str:
    maker = configs.maker_of(template)
    made = [f"migrate run {configs.recipe} --config {maker.name} makes it"] if maker else []
    held = [f"--data {configs.folders['data']}"] if "{data}" in template and not maker else []
    return "; ".join([*made, *held, f"--set {name}=... names another one"])


def check_checkpoints(configuration: Configuration, arguments: Arguments, more: Sequence[str], cwd: Path) -> None:
    """Raise `UsageError` where the script goes on from a checkpoint and finds none, or begins and finds some."""
    kept = configuration.entry.checkpoints
    if kept is None or names_argument(more, kept.folder):
        return
    folder = str(arguments[kept.folder])
    found = sorted(path.name for path in (cwd / folder).glob(kept.files))
    if not found and _goes_on(configuration, kept, arguments, more):
        raise UsageError(
            f"configuration {configuration.name} goes on from a checkpoint, and {folder} has no {kept.files}",
            hint=_how_to_begin(configuration, kept),
        )
    if found and not configuration.after and not _resumes(kept, arguments, more):
        raise UsageError(
            f"configuration {configuration.name} begins anew, and {folder} has checkpoints, such as {found[-1]}",
            hint=f"to go on from the last one add -- --{kept.resume}; to begin anew choose another folder",
        )


def _resumes(kept: Checkpoints, arguments: Arguments, more: Sequence[str]) -> bool:
    return arguments.get(kept.resume) is True or names_argument(more, kept.resume)


def _goes_on(configuration: Configuration, kept: Checkpoints, arguments: Arguments, more: Sequence[str]) -> bool:
    elsewhere = bool(kept.instead) and (kept.instead in arguments or names_argument(more, kept.instead))
    return not elsewhere and (bool(configuration.after) or _resumes(kept, arguments, more))


def _how_to_begin(configuration: Configuration, kept: Checkpoints) -> str:
    if configuration.after:
        return f"run --config {configuration.after} with the same --out first"
    return f"leave --{kept.resume} out to begin anew"
