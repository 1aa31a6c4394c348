"""Recipes: the ordered stages and layers under patches/<name>/, read from series.toml.

    [[stage]]
    name = "minimal"
    summary = "Runs on HPU."

    [[stage.layer]]
    kind = "rules"            # rules | codemod | anchors | diff | files | texts
    name = "cuda-to-hpu"
    reason = "..."
    source = "..."
    rules = ["device-calls", "device-strings"]

docs/recipes.md describes every key. Unknown keys are errors: a misspelt condition must not widen a layer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from migrator.core.layers import FilesLayer, RuleLayer, Stage
from migrator.core.tree import UnsafePathError, check_path
from migrator.errors import UsageError
from migrator.recipe_layers import read_layer
from migrator.repo.toml_table import Table, open_table
from migrator.resources import data_root, find_data

LEVELS = ("minimal", "packed", "performance")
GENERIC = "generic"


@dataclass(frozen=True)
class Recipe:
    """A named series of stages; `digest` changes when any file of the recipe does."""

    name: str
    stages: tuple[Stage, ...]
    digest: str


def recipe_names() -> list[str]:
    """The recipes at hand; the generic one is there always."""
    own = {path.parent.name for path in (data_root() / "patches").glob("*/series.toml")}
    return sorted(own | {GENERIC})


def load_recipe(name: str) -> Recipe:
    """Read a recipe. Raises `UsageError` naming file and key for anything malformed."""
    folder = _folder(name)
    series = folder / "series.toml"
    if not series.is_file():
        raise UsageError(f"no recipe {name!r}", hint=f"recipes: {', '.join(recipe_names())}")
    table = open_table(series)
    stages = tuple(_stage(folder, stage) for stage in table.tables("stage"))
    table.finish()
    if not stages or tuple(s.name for s in stages) != LEVELS[: len(stages)]:
        found = ", ".join(stage.name for stage in stages) or "none"
        raise UsageError(
            f"{series}: the stages are {found}",
            hint=f"name them {', '.join(LEVELS)}, in this order; the last ones may be missing",
        )
    return Recipe(name, stages, _digest(folder, stages))


def _folder(name: str) -> Path:
    try:
        return find_data(f"patches/{check_path(name)}")
    except UnsafePathError as error:
        raise UsageError(f"no recipe {name!r}: {error.message}", hint="a recipe is named as its folder") from error


def _digest(folder: Path, stages: Iterable[Stage]) -> str:
    """SHA-256 over the recipe's files, by path, and the modules that its layers share with other recipes."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    files = [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths]
    layers = [layer for stage in stages for layer in stage.layers if isinstance(layer, RuleLayer | FilesLayer)]
    modules = {f"../shared/{name}.py": entry.data for layer in layers for name, entry in layer.modules.items()}
    whole = hashlib.sha256()
    for name, data in [*files, *sorted(modules.items())]:
        whole.update(f"{name}\0{len(data)}\0".encode() + data)
    return whole.hexdigest()


def _stage(folder: Path, table: Table) -> Stage:
    name, summary = table.text("name"), table.text("summary", form=r"\S.*", means="one line of text")
    layers = tuple(read_layer(folder, layer) for layer in table.tables("layer"))
    table.finish()
    names = [layer.name for layer in layers]
    if twice := sorted({each for each in names if names.count(each) > 1}):
        table.refuse("layer", f"has two layers named {twice[0]!r}")
    return Stage(name, summary, layers)
