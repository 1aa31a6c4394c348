"""Which styles of a port a recipe has: native always meant, another one where its layers name it."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.core.layers import Stage
from migrator.core.target import Style
from migrator.errors import UsageError
from migrator.recipes import Recipe


def check_style(recipe: Recipe, style: Style) -> None:
    """Raise `UsageError` when the recipe was not written for `style`."""
    offered = [each.value for each in Style if _has_style(recipe, each)]
    if style.value not in offered:
        raise UsageError(
            f"recipe {recipe.name} has no style {style.value}", hint=f"its styles are {', '.join(offered) or 'none'}"
        )


def check_stages(recipe: str, stages: Sequence[Stage], style: Style) -> None:
    """Raise `UsageError` when one of the stages has layers, and none of them is for `style`."""
    for number, stage in enumerate(stages):
        if not _holds(stage, style):
            levels = ", ".join(each.name for each in stages[:number]) or "none"
            raise UsageError(
                f"recipe {recipe} has no stage {stage.name} in style {style.value}",
                hint=f"its levels in this style are {levels}",
            )


def _has_style(recipe: Recipe, style: Style) -> bool:
    """A recipe that never says a style is native: its layers hold for all styles because nobody thought of others."""
    named = {each for stage in recipe.stages for layer in stage.layers for each in layer.styles}
    return (style is Style.NATIVE or style.value in named) and _holds(recipe.stages[0], style)


def _holds(stage: Stage, style: Style) -> bool:
    return not stage.layers or any(not layer.styles or style.value in layer.styles for layer in stage.layers)
