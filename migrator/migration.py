"""A migration as a whole: from an upstream, a recipe and a target to the trees of all stages, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from migrator.api_map_files import load_api_map
from migrator.codemods import load_codemod
from migrator.core.file import Context
from migrator.core.layers import Stage, StageResult
from migrator.core.stages import Toolbox, apply_stage
from migrator.core.target import Target
from migrator.core.tree import Tree, git_tree_hash
from migrator.errors import LayerError, UsageError
from migrator.recipe_styles import check_stages
from migrator.recipes import Recipe
from migrator.repo.pins import ExpectedStage
from migrator.repo.upstream import Upstream
from migrator.rules import all_rules
from migrator.text_map_files import load_text_map

UPSTREAM = "upstream"


@dataclass(frozen=True)
class Migration:
    """What is migrated, how and for which target. `expected`: the recorded ids of stages, where there are any."""

    name: str
    upstream: Upstream
    recipe: Recipe
    target: Target
    expected: Mapping[str, ExpectedStage]

    @property
    def settings(self) -> dict[str, str]:
        """What decides the output's commits; an output made with other settings is another output."""
        return {
            "recipe": self.recipe.name,
            "upstream": self.upstream.origin,
            "upstream-tree": self.upstream.tree_hash,
            "subfolder": self.upstream.subfolder,
            "target": self.target.describe(),
            "patches": self.recipe.digest,
        }

    def stages(self, level: str) -> tuple[Stage, ...]:
        """The recipe's stages up to `level`. Raises `UsageError` when the recipe does not go that far in this style."""
        names = [stage.name for stage in self.recipe.stages]
        if level not in names:
            raise UsageError(
                f"recipe {self.recipe.name} has no stage {level}", hint=f"its levels are {', '.join(names)}"
            )
        stages = self.recipe.stages[: names.index(level) + 1]
        check_stages(self.recipe.name, stages, self.target.style)
        return stages


def toolbox_for(target: Target) -> Toolbox:
    """The rules, and the facts that hold for `target`."""
    context = Context(target, load_api_map().at(target.release))
    return Toolbox(context, all_rules(), load_codemod, load_text_map())


def run_stages(migration: Migration, tree: Tree, stages: tuple[Stage, ...]) -> Iterator[StageResult]:
    """Apply `stages` one after another to `tree`. Raises `LayerError` when a stage does not apply."""
    toolbox = toolbox_for(migration.target)
    for stage in stages:
        result = _apply(migration, stage, tree, toolbox)
        check_expected(migration, stage.name, result.tree)
        yield result
        tree = result.tree


def _apply(migration: Migration, stage: Stage, tree: Tree, toolbox: Toolbox) -> StageResult:
    try:
        return apply_stage(stage, tree, migration.upstream.tree, toolbox)
    except LayerError as error:
        where = f"{migration.name}: recipe {migration.recipe.name}, stage {stage.name}"
        raise LayerError(f"{where}: {error.message}", hint=error.hint) from error


def check_expected(migration: Migration, stage: str, tree: Tree) -> None:
    """Raise `LayerError` when a stage's tree is not the recorded one."""
    expected = migration.expected.get(stage)
    found = git_tree_hash(tree)
    if expected is not None and found != expected.tree:
        raise LayerError(
            f"{migration.name}: stage {stage} gives the tree {found}, recorded is {expected.tree}",
            hint="a rule or a layer has changed what it does; review the difference, then record the new hash in "
            f"upstream_pins/{migration.name}.toml (scripts/record_expected.py)",
        )
