"""What `migrate apply` was asked for, checked before anything is fetched or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migrator.core.target import Target
from migrator.errors import UsageError
from migrator.migration import Migration
from migrator.progress import progress
from migrator.recipe_styles import check_style
from migrator.recipes import GENERIC, Recipe, load_recipe, recipe_names
from migrator.repo.git_urls import short_name
from migrator.repo.local import LocalFolder
from migrator.repo.pins import ExpectedStage, Pin
from migrator.repo.upstream import AnySource, obtain
from migrator.targets import OutputFolder, resolve_target


@dataclass(frozen=True)
class Plan:
    """An upstream, where it comes from, and how and for which target it is to be ported."""

    name: str
    source: AnySource
    recipe: Recipe
    target: Target

    def check_outside(self, place: Path) -> None:
        """Raise `UsageError` for an output inside a local upstream: it would change the upstream, and be part of it."""
        if isinstance(self.source, LocalFolder) and place.resolve().is_relative_to(self.source.path.resolve()):
            raise UsageError(
                f"the output {place} would lie in the upstream {self.source.path.resolve()}",
                hint="upstreams are never written to: name another place with -o",
            )

    def fetch(self) -> Migration:
        """The migration, with its upstream at hand. Raises `UpstreamError`."""
        with progress() as show:
            upstream = obtain(self.source, progress=show)
        return Migration(self.name, upstream, self.recipe, self.target, self._expected())

    def _expected(self) -> Mapping[str, ExpectedStage]:
        """What the pin records for its own recipe."""
        pinned = isinstance(self.source, Pin) and self.recipe.name != GENERIC
        return self.source.expected_for(self.target) if pinned and isinstance(self.source, Pin) else {}


def make_plan(text: str | None, target: Target, cwd: Path) -> Plan:
    """Say what the command line's TARGET and options mean. Raises `UsageError` where they mean nothing."""
    spec = resolve_target(text, cwd)
    if isinstance(spec, OutputFolder):
        raise UsageError(
            f"{spec.path} is an output of migrate, not an upstream",
            hint="name the recipe or upstream it was made from, with -o for this folder",
        )
    recipe = load_recipe(spec.recipe if spec.recipe in recipe_names() else GENERIC)
    check_style(recipe, target.style)
    return Plan(spec.recipe or _name(spec.source), spec.source, recipe, target)


def _name(source: AnySource) -> str:
    return source.name if isinstance(source, LocalFolder | Pin) else short_name(source.url)
