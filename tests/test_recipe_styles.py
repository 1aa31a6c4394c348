"""Which styles a recipe has, by what its layers say."""

from __future__ import annotations

import pytest

from migrator.core.layers import RuleLayer, Stage
from migrator.core.target import Style
from migrator.errors import ExitCode, UsageError
from migrator.recipe_styles import check_stages, check_style
from migrator.recipes import Recipe, load_recipe

NATIVE, MIGRATION, AGNOSTIC = Style.NATIVE, Style.GPU_MIGRATION, Style.AGNOSTIC


def stage(name: str, *layers: frozenset[str]) -> Stage:
    made = tuple(RuleLayer(f"{n}", "reason", "source", styles=styles) for n, styles in enumerate(layers))
    return Stage(name, "summary", made)


def only(*styles: Style) -> frozenset[str]:
    return frozenset(style.value for style in styles)


def recipe(*stages: Stage) -> Recipe:
    return Recipe("own", stages, "digest")


@pytest.mark.parametrize(
    ("stages", "styles"),
    [
        ([stage("minimal", only())], [NATIVE]),
        ([stage("minimal", only(NATIVE), only())], [NATIVE]),
        ([stage("minimal", only(NATIVE), only(MIGRATION))], [NATIVE, MIGRATION]),
        ([stage("minimal", only(MIGRATION))], [MIGRATION]),
        ([stage("minimal", only(NATIVE)), stage("packed", only(MIGRATION))], [NATIVE]),
        ([stage("minimal", only()), stage("packed", only(AGNOSTIC), only())], [NATIVE, AGNOSTIC]),
    ],
)
def test_a_recipe_has_the_styles_that_its_layers_name(stages: list[Stage], styles: list[Style]) -> None:
    for style in Style:
        if style in styles:
            check_style(recipe(*stages), style)
        else:
            with pytest.raises(UsageError, match=f"recipe own has no style {style.value}") as caught:
                check_style(recipe(*stages), style)
            assert caught.value.exit_code is ExitCode.USAGE
            assert caught.value.hint == f"its styles are {', '.join(each.value for each in styles)}"


def test_a_stage_whose_layers_are_all_for_other_styles_is_refused() -> None:
    stages = [stage("minimal", only()), stage("packed"), stage("performance", only(NATIVE))]
    check_stages("own", stages, NATIVE)
    check_stages("own", stages[:2], MIGRATION)
    with pytest.raises(UsageError, match="recipe own has no stage performance in style gpu-migration") as caught:
        check_stages("own", stages, MIGRATION)
    assert caught.value.hint == "its levels in this style are minimal, packed"


@pytest.mark.parametrize(("name", "styles"), [("generic", [NATIVE, MIGRATION]), ("sample-bert", [NATIVE])])
def test_the_styles_of_our_own_recipes(name: str, styles: list[Style]) -> None:
    found = load_recipe(name)
    for style in styles:
        check_style(found, style)
        check_stages(name, found.stages, style)
    for style in set(Style) - set(styles):
        with pytest.raises(UsageError, match=f"has no style {style.value}"):
            check_style(found, style)
