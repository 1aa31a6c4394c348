"""Which folder a TARGET was migrated into, for the commands that look at what is there."""

from __future__ import annotations

from pathlib import Path

from migrator.errors import UsageError
from migrator.repo.workspace import Workspace

DEFAULT_TARGET = "nvidia-bert"
_STATE = Path(".git", "migrate", "state.json")


def find_output(target: str | None, cwd: Path) -> tuple[str, Workspace]:
    """Return what to call the target, and its output: trainers/NAME for a recipe or a folder's name, else a folder.

    As everywhere, a recipe wins over a folder of the same name. Raises `UsageError` when nothing was migrated.
    """
    name = target or DEFAULT_TARGET
    plain = Path(name).name == name
    places = [cwd / "trainers" / name] if plain else []
    places.append(cwd / Path(name).expanduser())
    for folder in places:
        if (folder / _STATE).is_file():
            return name, Workspace.open(folder)
    what = "is not an output of migrate" if places[-1].is_dir() and not plain else "has not been migrated here"
    raise UsageError(
        f"{name} {what}: there is no migrated output at {_shown(places[0], cwd)}",
        hint=f"run migrate apply {name} --level minimal first, or name the folder that apply wrote",
    )


def _shown(folder: Path, cwd: Path) -> str:
    return f"./{folder.relative_to(cwd).as_posix()}" if folder.is_relative_to(cwd) else str(folder)
