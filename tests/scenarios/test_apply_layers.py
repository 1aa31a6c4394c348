"""A layer that does not apply, or gives something else than was recorded: exit code 4, and what was there stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.own_recipe import SERIES, TRAIN, OwnRecipe
from tests.scenarios.running import Migrate, commits, git, sane

APPLY = ("apply", "own", "--level", "performance", "-o", "out")
RAISING = """\
from libcst.codemod import VisitorBasedCodemodCommand


class Broken(VisitorBasedCodemodCommand):
    def leave_Call(self, original_node, updated_node):
        raise RuntimeError("at a loss")
"""
# a bug of migrate's own, put into it by a codemod's module as it is imported
BUG = """\
from libcst.codemod import VisitorBasedCodemodCommand

import migrator.output


class Broken(VisitorBasedCodemodCommand):
    pass


def fail(*args, **settings):
    raise RuntimeError("wrong in migrate")


migrator.output.to_lines = fail
"""
CODEMOD = """
[[stage.layer]]
kind = "codemod"
name = "broken"
codemod = "broken_codemod:Broken"
reason = "Breaks."
optional = true
source = "https://docs.example.org/broken"
"""


def fails(migrate: Migrate, folder: Path, there: tuple[str, ...], *said: str) -> None:
    """Applying ends with 4 and says `said`; the stages `there` are whole, and the same after another try."""
    done = migrate(folder, *APPLY)
    assert (done.code, done.out) == (4, ""), done.err
    for text in said:
        assert text in done.err, done.err
    assert done.err.splitlines()[-1].startswith("  "), done.err
    assert "Traceback" not in done.err
    if there:
        assert list(commits(folder / "out")) == sorted(there)
        sane(folder / "out")
    again = migrate(folder, *APPLY)
    assert (again.code, again.err) == (4, done.err)


def test_a_drifted_anchor_says_its_actual_hash(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    actual = own.hash_of("main")
    own.change(own.recipe / "performance" / "loss.toml", actual, "0" * 16)
    said = ("recipe own, stage performance: ", "train.py: main drifted", f"its hash is {actual}", "record the new hash")
    fails(migrate_own, tmp_path, ("upstream", "minimal", "packed"), *said)
    own.change(own.recipe / "performance" / "loss.toml", "0" * 16, actual)
    done = migrate_own(tmp_path, *APPLY)
    assert (done.code, "patches is " in done.err) == (2, True)  # another recipe is another output


def test_a_required_rule_that_finds_nothing(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    own.change(own.upstream / "train.py", '"cuda"', '"cpu"')
    own.pin()
    said = ("stage minimal", "layer 'device'", "found nothing: device-strings", "list the rule under `optional`")
    fails(migrate_own, tmp_path, ("upstream",), *said)


def test_a_diff_that_conflicts(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    own.change(own.recipe / "performance" / "steps.diff", "-    main(4)", "-    main(5)")
    fails(migrate_own, tmp_path, ("upstream", "minimal", "packed"), "stage performance", "steps", "train.py")


def test_a_file_that_upstream_has_already(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    own.write(own.upstream / "packing.py", "theirs\n")
    own.pin()
    fails(migrate_own, tmp_path, ("upstream", "minimal"), "stage packed", "packing.py exists already")


def recorded(migrate: Migrate, folder: Path) -> dict[str, dict[str, str]]:
    """The trees and commits of the recipe as it is."""
    done = migrate(folder, *APPLY[:-1], "as-it-is")
    assert done.code == 0, done.err
    out = folder / "as-it-is"
    return {s: {"commit": c, "tree": git(out, "rev-parse", f"{s}^{{tree}}")} for s, c in commits(out).items()}


def tables(stages: dict[str, dict[str, str]]) -> str:
    head = '\n[[expected]]\nrelease = "1.24"\nmode = "lazy"\nchip = "gaudi2"\nstyle = "native"\n'
    bodies = (f'\n[expected.stages.{s}]\ntree = "{i["tree"]}"\ncommit = "{i["commit"]}"\n' for s, i in stages.items())
    return head + "".join(bodies)


def test_recorded_trees_and_commits_that_are_right(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    own.pin(more=tables(recorded(migrate_own, tmp_path)))
    done = migrate_own(tmp_path, *APPLY)
    assert done.code == 0, done.err
    assert commits(tmp_path / "out") == commits(tmp_path / "as-it-is")


@pytest.mark.parametrize("what", ["tree", "commit"])
@pytest.mark.parametrize(
    ("stage", "there"),
    [("upstream", ()), ("minimal", ("upstream",)), ("performance", ("upstream", "minimal", "packed"))],
)
def test_a_recorded_stage_that_is_another(
    migrate_own: Migrate, own: OwnRecipe, tmp_path: Path, stage: str, there: tuple[str, ...], what: str
) -> None:
    stages = recorded(migrate_own, tmp_path)
    right = stages[stage][what]
    stages[stage][what] = "1" * 40
    own.pin(more=tables(stages))
    fails(migrate_own, tmp_path, there, f"own: stage {stage} ", right, "1" * 40, "upstream_pins/own.toml")


def test_an_output_from_before_something_else_was_recorded(
    migrate_own: Migrate, own: OwnRecipe, tmp_path: Path
) -> None:
    stages = recorded(migrate_own, tmp_path)
    assert migrate_own(tmp_path, *APPLY).code == 0
    stages["packed"]["commit"] = "1" * 40
    own.pin(more=tables(stages))
    fails(migrate_own, tmp_path, ("upstream", "minimal", "packed", "performance"), "own: stage packed is commit")


def test_what_is_recorded_for_another_target_does_not_matter(
    migrate_own: Migrate, own: OwnRecipe, tmp_path: Path
) -> None:
    wrong = {stage: {"tree": "1" * 40, "commit": "1" * 40} for stage in ("upstream", "minimal")}
    own.pin(more=tables(wrong))
    assert migrate_own(tmp_path, *APPLY, "--mode", "eager").code == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('rules = ["device-strings"]', 'rules = ["device-stings"]', "names 'device-stings', which is unknown"),
        ('rules = ["device-strings"]', 'rules = ["device-strings"]\ncolour = 1', "colour is not a known key"),
        ('kind = "rules"', 'kind = "rulez"', "must be one of rules, codemod, anchors, diff, files"),
        ("performance/steps.diff", "performance/stops.diff", "the recipe has no such file"),
        ("performance/steps.diff", "../other/steps.diff", "leaves the tree"),
    ],
)
def test_a_recipe_that_is_malformed_is_refused_before_anything_is_made(
    migrate_own: Migrate, own: OwnRecipe, tmp_path: Path, old: str, new: str, said: str
) -> None:
    own.change(own.series, old, new)
    done = migrate_own(tmp_path, *APPLY)
    assert (done.code, done.out) == (2, "")
    assert str(own.series) in done.err
    assert said in done.err
    assert not (tmp_path / "out").exists()


def test_a_codemod_that_there_is_not(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    own.write(own.series, SERIES + CODEMOD)
    done = migrate_own(tmp_path, *APPLY)
    assert done.code == 2
    assert "no codemod 'broken_codemod:Broken'" in done.err
    assert list(commits(tmp_path / "out")) == ["minimal", "packed", "upstream"]


def test_a_codemod_that_raises(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    own.write(own.series, SERIES + CODEMOD)
    own.write(tmp_path / "codemods" / "broken_codemod.py", RAISING)
    done = migrate_own.with_variables(PYTHONPATH=str(tmp_path / "codemods"))(tmp_path, *APPLY)
    assert (done.code, done.out) == (4, "")
    for text in ("stage performance: ", "Broken failed on train.py: RuntimeError: at a loss"):
        assert text in done.err
    assert "Traceback" not in done.err
    assert list(commits(tmp_path / "out")) == ["minimal", "packed", "upstream"]


def test_a_bug_goes_to_a_log_file_and_earlier_stages_stay(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    own.write(own.series, SERIES + CODEMOD)
    own.write(tmp_path / "codemods" / "broken_codemod.py", BUG)
    (tmp_path / "logs").mkdir()
    path = str(tmp_path / "codemods")
    done = migrate_own.with_variables(PYTHONPATH=path, TMPDIR=str(tmp_path / "logs"))(tmp_path, *APPLY)
    assert (done.code, done.out) == (70, "")
    assert "Traceback" not in done.err
    (log,) = (tmp_path / "logs").iterdir()
    first, second = done.err.splitlines()
    assert first == "migrate: a bug: RuntimeError: wrong in migrate"
    assert str(log) in second
    text = log.read_text()
    assert "Traceback (most recent call last):" in text
    assert "arguments: ['apply', 'own', '--level', 'performance', '-o', 'out']" in text
    assert list(commits(tmp_path / "out")) == ["minimal", "packed", "upstream"]
    sane(tmp_path / "out")


def test_a_recipe_of_ones_own_gives_what_its_layers_say(migrate_own: Migrate, tmp_path: Path) -> None:
    done = migrate_own(tmp_path, *APPLY)
    assert done.code == 0, done.err
    ported = TRAIN.replace('"cuda"', '"hpu"').replace("main(4)", "main(8)")
    ported = ported.replace("    return loss", "    loss = loss.detach()\n    return loss")
    text = (tmp_path / "out" / "train.py").read_text()
    assert text.replace("import habana_frameworks.torch.core as htcore\n", "") == ported
    assert (tmp_path / "out" / "packing.py").read_text() == "ROWS = 4\n"
