"""The output of nvidia-bert as a whole: explained, repeatable, exportable, in little time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.config import make_target
from migrator.core.layers import RuleLayer
from migrator.core.rule_layer import apply_rules
from migrator.migration import toolbox_for
from migrator.recipes import load_recipe
from migrator.repo.workspace import Workspace
from migrator.resources import package_data
from tests.scenarios.explained import unexplained
from tests.scenarios.running import Migrate, contents, git
from tests.upstream.conftest import BERT

pytestmark = pytest.mark.upstream

SUBFOLDER = "PyTorch/LanguageModeling/BERT"
STAGES = load_recipe(BERT).stages
LAST = STAGES[-1].name


def test_every_hunk_has_its_why(bert_made: Path) -> None:
    assert unexplained(bert_made) == []


def test_a_second_run_changes_nothing(bert_migrate: Migrate, bert_made: Path, tmp_path: Path) -> None:
    output = shutil.copytree(bert_made, tmp_path / "out", symlinks=True)
    arguments = ("apply", BERT, "--level", LAST, "-o", output)
    bert_migrate(tmp_path, *arguments)  # git writes down the copies' times
    seen = contents(output)
    done = bert_migrate(tmp_path, *arguments)
    assert (done.code, done.err) == (0, "")
    assert "nothing to do" in done.out
    assert contents(output) == seen


def test_the_rules_find_nothing_to_do_in_what_they_wrote(bert_made: Path) -> None:
    toolbox = toolbox_for(make_target(None, None, None, None))
    tree = Workspace.open(bert_made).read_tree(STAGES[0].name)
    for layer in (layer for layer in STAGES[0].layers if isinstance(layer, RuleLayer)):
        asked = replace(layer, optional=frozenset(layer.rules))
        result = apply_rules(asked, tree, tree, toolbox.rules, toolbox.context)
        assert [change for step in result.steps for change in step.changes] == [], layer.name


def test_an_exported_diff_applies_to_a_clone_of_the_upstream(
    bert_migrate: Migrate, bert_made: Path, tmp_path: Path
) -> None:
    done = bert_migrate(tmp_path, "diff", bert_made, "upstream", LAST, "-o", "port.diff")
    assert done.code == 0, done.err
    clone = tmp_path / "clone"
    git(tmp_path, "init", "-q", "clone")
    git(clone, "fetch", "-q", str(bert_made), "refs/tags/upstream")
    git(clone, "read-tree", f"--prefix={SUBFOLDER}/", "FETCH_HEAD")
    git(clone, "apply", "--cached", str(tmp_path / "port.diff"))
    assert git(clone, "write-tree", f"--prefix={SUBFOLDER}/") == git(bert_made, "rev-parse", f"{LAST}^{{tree}}")


def test_time_and_memory_stay_small(bert_cache: Path, tmp_path: Path) -> None:
    """Only a guard, several times what is measured (docs/benchmarks.md). This process is too large to start from."""
    measure = "import json, sys; from benchmarks.apply import process; print(json.dumps(process(sys.argv[1:])))"
    command = ["-m", "migrator", "apply", BERT, "--level", LAST, "-o", os.fspath(tmp_path / "out")]
    measured = [
        json.loads(
            subprocess.check_output(
                [sys.executable, "-c", measure, sys.executable, *command],
                cwd=package_data(),
                env={**os.environ, "MIGRATE_CACHE": os.fspath(bert_cache)},
            )
        )
        for _ in range(2)
    ]
    (first, first_peak, first_code), (second, second_peak, second_code) = measured
    assert (first_code, second_code) == (0, 0)
    assert first < 30
    assert second < 10
    assert max(first_peak, second_peak) < 400
