"""The ways in which a recipe's scripts are started, as they are described in trainers/<recipe>.toml. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from migrator.core.target import Chip
from migrator.errors import UsageError
from migrator.runtime.trainer_arguments import Arguments, Value, merged


@dataclass(frozen=True)
class Entry:
    """A script, the options by which it takes its local rank, and whether it is for one process only."""

    script: str
    local_rank: tuple[str, ...]
    one_process: bool


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
