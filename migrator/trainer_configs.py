"""How a recipe's scripts are started, read from trainers/<recipe>.toml: entry points, arguments, configurations.

    [entry.pretraining]
    script = "run_pretraining.py"

    [[configuration]]
    name = "phase1-bf16"
    summary = "phase 1 in bfloat16"
    entry = "pretraining"
    level = "minimal"
    arguments = { max_steps = 7038, input_dir = "{data}/phase1" }

docs/running.md describes every key. Unknown keys are errors: a misspelt size must not leave the default in place.
"""

from __future__ import annotations

from pathlib import Path

from migrator.core.tree import UnsafePathError, check_path
from migrator.errors import UsageError
from migrator.repo.toml_table import Table, open_table
from migrator.resources import find_data
from migrator.runtime.configurations import Checkpoints, Configuration, Entry, TrainerConfigs
from migrator.runtime.trainer_arguments import Arguments
from migrator.trainer_config_tables import (
    FOLDERS,
    LINE,
    Shared,
    check_placeholders,
    read_arguments,
    read_cards,
    read_configuration,
)


def has_configs(recipe: str) -> bool:
    """Whether the recipe has a file of configurations."""
    return _file(recipe).is_file()


def load_configs(recipe: str) -> TrainerConfigs:
    """Read a recipe's file. Raises `UsageError`, also for a recipe that has none."""
    path = _file(recipe)
    if not path.is_file():
        raise UsageError(
            f"recipe {recipe} has no configurations: there is no trainers/{recipe}.toml",
            hint="name the script instead: migrate run TARGET -- SCRIPT ARGS...",
        )
    return read_configs(path)


def _file(recipe: str) -> Path:
    try:
        return find_data(f"trainers/{check_path(recipe)}.toml")
    except UnsafePathError as error:
        raise UsageError(f"no recipe {recipe!r}: {error.message}", hint="a recipe is named as its folder") from error


def read_configs(path: Path) -> TrainerConfigs:
    """Read the file at `path`. Raises `UsageError` that names file and key for anything malformed."""
    table = open_table(path)
    folders, entries = _folders(table.table("folders")), _entries(table.table("entry"))
    shared = Shared(entries, _sets(table.table("arguments")), read_cards(table, "1"))
    found: dict[str, Configuration] = {}
    for each in table.tables("configuration"):
        configuration = read_configuration(each, shared, found)
        found[configuration.name] = configuration
    recipe_cache = table.text("recipe_cache", "")
    check_placeholders(table, "recipe_cache", [recipe_cache])
    table.finish()
    if not found:
        table.refuse("configuration", "is missing")
    return TrainerConfigs(path.stem, tuple(found.values()), folders, recipe_cache)


def _folders(table: Table) -> dict[str, str]:
    folders = {name: table.text(name, form=LINE, means="one line of text") for name in FOLDERS}
    table.finish()
    return folders


def _entries(table: Table) -> dict[str, Entry]:
    names = table.keys()
    return {name: _entry(table.table(name)) for name in names}


def _entry(table: Table) -> Entry:
    script = table.text("script")
    try:
        check_path(script)
    except UnsafePathError as error:
        table.refuse("script", f"is no path in the recipe: {error.message}")
    ranks, alone = table.texts("local_rank"), table.flag("one_process")
    entry = Entry(script, ranks, alone, table.texts("reads"), table.texts("writes"), _checkpoints(table))
    table.finish()
    return entry


def _checkpoints(table: Table) -> Checkpoints | None:
    inner = table.table("checkpoints")
    if not inner.keys():
        return None
    read = Checkpoints(inner.text("folder"), inner.text("files"), inner.text("resume"), inner.text("instead", ""))
    inner.finish()
    return read


def _sets(table: Table) -> dict[str, Arguments]:
    names = table.keys()
    return {name: read_arguments(table.table(name)) for name in names}
