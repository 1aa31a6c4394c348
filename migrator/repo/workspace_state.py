"""What an output was made from, and the stages that are wholly there: .git/migrate/state.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from migrator.errors import OutputError
from migrator.repo.disk import Disk

SCHEMA = 1


class StageRef(NamedTuple):
    """A finished stage and its commit."""

    name: str
    commit: str


@dataclass(frozen=True)
class State:
    """The settings that the output was begun with, and its stages in order."""

    settings: Mapping[str, str]
    stages: tuple[StageRef, ...] = ()

    @property
    def head(self) -> str:
        """The commit of the last stage; "" before the first."""
        return self.stages[-1].commit if self.stages else ""

    def commit_of(self, stage: str) -> str:
        """The commit of `stage`; `OutputError` when the output does not have it."""
        for name, commit in self.stages:
            if name == stage:
                return commit
        there = ", ".join(name for name, _ in self.stages) or "none"
        raise OutputError(f"the output has no stage {stage!r}; it has: {there}", hint="migrate apply makes it")


def read_state(path: Path) -> State | None:
    """Return the state at `path`, or None when there is none. Refuses a newer migrate's."""
    try:
        raw = json.loads(path.read_bytes())
        if raw["schema"] > SCHEMA:
            raise OutputError(
                f"{path} was written by a newer migrate (schema {raw['schema']}, this one knows {SCHEMA})",
                hint="upgrade migrate, or choose another output with -o",
            )
        stages = tuple(StageRef(str(stage["name"]), str(stage["commit"])) for stage in raw["stages"])
        return State({str(key): str(value) for key, value in raw["settings"].items()}, stages)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise OutputError(
            f"{path} is damaged: {error!r}", hint="delete the output and run again, or choose another with -o"
        ) from error


def write_state(disk: Disk, path: Path, state: State) -> None:
    """Replace the state in one step."""
    stages = [stage._asdict() for stage in state.stages]
    raw = {"schema": SCHEMA, "settings": dict(sorted(state.settings.items())), "stages": stages}
    disk.write_durably(path, json.dumps(raw, indent=2).encode() + b"\n")
