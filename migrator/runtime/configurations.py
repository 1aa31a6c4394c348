"""The ways in which a recipe's scripts are started, as they are described in trainers/<recipe>.toml. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from migrator.core.target import Chip
from migrator.errors import UsageError
from migrator.runtime.trainer_arguments import Arguments, Value, merged


@dataclass(frozen=True)
class Checkpoints:
    """What a script leaves to go on from: `files`, a pattern, in the folder that the argument `folder` names.

    The flag `resume` makes it go on from the last of them; with the argument `instead` it begins with another file.
    """

    folder: str
    files: str
    resume: str
    instead: str


@dataclass(frozen=True)
class Entry:
    """A script, the options by which it takes its local rank, and whether it is for one process only.

    `reads` are the arguments that name what has to be there before it starts, `writes` those that name what it makes.
    """

    script: str
    local_rank: tuple[str, ...]
    one_process: bool
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    checkpoints: Checkpoints | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The arguments that every configuration of it has to have."""
        return (*self.reads, *self.writes, *([self.checkpoints.folder] if self.checkpoints else []))


@dataclass(frozen=True)
class Configuration:
    """One way to start a script. `level` is the first that can; `after` names the configuration whose result it needs,
    or is "".
    """

    name: str
    summary: str
    entry: Entry
    level: str
    cards: int
    after: str
    arguments: Arguments
    chips: Mapping[Chip, Arguments]

    def arguments_for(self, chip: Chip) -> dict[str, Value]:
        """The arguments, with the sizes of a chip."""
        return merged([self.arguments, self.chips.get(chip, {})])


@dataclass(frozen=True)
class TrainerConfigs:
    """All of a recipe. `folders` says what each placeholder stands for; `recipe_cache` is the folder for compiled
    graphs, or "".
    """

    recipe: str
    configurations: tuple[Configuration, ...]
    folders: Mapping[str, str]
    recipe_cache: str

    def maker_of(self, path: Value) -> Configuration | None:
        """The first configuration that makes `path`, as it stands in the file."""
        makers = (each for each in self.configurations if path in [each.arguments[name] for name in each.entry.writes])
        return next(makers, None)

    def find(self, name: str) -> Configuration:
        """The configuration `name`. Raises `UsageError` with the close ones when there is none."""
        known = {configuration.name: configuration for configuration in self.configurations}
        if name in known:
            return known[name]
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        question = f"did you mean {' or '.join(close)}? " if close else ""
        raise UsageError(
            f"{self.recipe} has no configuration {name!r}",
            hint=f"{question}migrate run {self.recipe} --configs lists them all",
        )
