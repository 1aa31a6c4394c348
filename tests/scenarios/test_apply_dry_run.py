"""`--dry-run` writes nothing and shows exactly what would be done; `--json` says what the text says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.own_recipe import OwnRecipe
from tests.scenarios.running import Migrate, commits, contents, git

DRY = ("apply", "sample-bert", "--dry-run", "--level")


def upstream_clone(made: Path, folder: Path) -> Path:
    """A clone of the output's first stage, as the upstream would be cloned."""
    git(folder.parent, "clone", "-q", str(made), str(folder))
    git(folder, "checkout", "-q", "upstream")
    return folder


def tree_of(folder: Path, revision: str) -> str:
    return git(folder, "rev-parse", f"{revision}^{{tree}}")


def test_the_diffs_applied_give_the_trees_of_the_real_stages(
    migrate: Migrate, sample_made: Path, levels: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    done = migrate(tmp_path / "empty", *DRY, levels[-1], "--json")
    assert done.code == 0, done.err
    assert contents(tmp_path / "empty") == {}
    clone = upstream_clone(sample_made, tmp_path / "clone")
    stages = json.loads(done.out)["stages"]
    assert [stage["stage"] for stage in stages] == list(levels)
    for stage in stages:
        git(clone, "apply", "--index", "-", given=stage["diff"].encode("utf-8", "surrogateescape"))
        assert git(clone, "write-tree") == stage["tree"] == tree_of(sample_made, stage["stage"])


def test_the_text_as_a_whole_can_be_applied(
    migrate: Migrate, sample_made: Path, levels: tuple[str, ...], tmp_path: Path
) -> None:
    done = migrate(tmp_path, *DRY, levels[-1])
    assert contents(tmp_path) == {}
    clone = upstream_clone(sample_made, tmp_path / "clone")
    for part in re.split(r"(?m)^(?=# stage )", done.out)[1:]:
        name = part.split()[2].rstrip(":")
        git(clone, "apply", "--index", "-", given=part.encode())
        assert git(clone, "write-tree") == tree_of(sample_made, name)
        assert f"# tree {tree_of(sample_made, name)}: " in part


def test_a_dry_run_leaves_an_output_alone(migrate: Migrate, sample: Path, levels: tuple[str, ...]) -> None:
    before = contents(sample.parent)
    assert migrate(sample.parent, *DRY, levels[-1], "-o", "out").code == 0
    assert contents(sample.parent) == before


def test_files_in_other_encodings(migrate_own: Migrate, own: OwnRecipe, tmp_path: Path) -> None:
    text = '# coding: latin-1\nimport torch\n\nname = "caf\u00e9"; device = "cuda"  # \u00e9\n'
    (own.upstream / "latin.py").write_bytes(text.replace("\n", "\r\n").encode("latin-1"))
    own.pin()
    (tmp_path / "empty").mkdir()
    done = migrate_own(tmp_path / "empty", "apply", "own", "--level", "minimal", "--dry-run", "--json")
    assert migrate_own(tmp_path, "apply", "own", "--level", "minimal", "-o", "out").code == 0
    (stage,) = json.loads(done.out)["stages"]
    clone = upstream_clone(tmp_path / "out", tmp_path / "clone")
    git(clone, "apply", "--index", "-", given=stage["diff"].encode("utf-8", "surrogateescape"))
    assert git(clone, "write-tree") == stage["tree"] == tree_of(tmp_path / "out", "minimal")


def test_what_the_text_says_is_in_the_json(
    migrate: Migrate, sample: Path, levels: tuple[str, ...], tmp_path: Path
) -> None:
    arguments = ("apply", "sample-bert", "--level", levels[-1], "-o", "out")
    text = migrate(tmp_path, *arguments)
    report: dict[str, Any] = json.loads(migrate(tmp_path, *arguments, "--json").out)
    assert (report["output"], report["changed"]) == ("out", False)
    assert {stage["stage"]: stage["commit"] for stage in report["stages"]} == commits(sample)
    for stage in report["stages"]:
        assert stage["tree"] == tree_of(sample, stage["stage"])
        line = next(line for line in text.out.splitlines() if line.strip().startswith(f"{stage['stage']} "))
        assert stage["commit"][:12] in line
        if stage["changes"]:
            assert f" {stage['changes']} changes in " in line
            assert f"; {len(stage['findings'])} left for a person" in line
    for finding in report["left"]:
        assert f"{finding['file']}:{finding['line']}: {finding['class']}: {finding['api']}: " in text.out


LEFT = """\
import torch

name = torch.cuda.get_device_name(0)
"""


def test_what_an_earlier_stage_left_is_still_listed_after_a_later_one(
    migrate_own: Migrate, own: OwnRecipe, tmp_path: Path
) -> None:
    """Stage packed looks for nothing; what minimal could not port is left all the same."""
    own.write(own.upstream / "left.py", LEFT)
    own.pin()
    own.change(own.series, 'rules = ["device-strings"]', 'rules = ["device-strings", "gpu-leftovers"]')
    own.change(own.series, 'name = "device"', 'name = "device"\noptional = ["gpu-leftovers"]')
    own.write(
        own.recipe / "packed" / "left.diff",
        "diff --git a/left.py b/left.py\n--- a/left.py\n+++ b/left.py\n"
        "@@ -1,1 +1,3 @@\n+import os\n+import sys\n import torch\n",
    )
    own.change(own.series, 'kind = "files"\nname = "packing"\nfolder = "packed/files"',
               'kind = "diff"\nname = "packing"\nfile = "packed/left.diff"')  # fmt: skip
    found = {}
    for level in ("minimal", "packed", "performance"):
        done = migrate_own(tmp_path, "apply", "own", "--level", level, "-o", "out")
        assert done.code == 0, done.err
        found[level] = re.findall(r"(?m)^  (left\.py:\d+): \w+: (\S+):", done.out)
        assert "left for a person: 1\n" in done.out
    (line,) = (i for i, text in enumerate((tmp_path / "out" / "left.py").read_text().splitlines(), 1) if "name" in text)
    assert found["packed"] == found["performance"] == [(f"left.py:{line}", "torch.cuda.get_device_name")]
    assert found["minimal"] == [(f"left.py:{line - 2}", "torch.cuda.get_device_name")]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_dry_run_of_a_stage_that_does_not_apply(
    migrate_own: Migrate, own: OwnRecipe, tmp_path: Path, form: tuple[str, ...]
) -> None:
    own.change(own.recipe / "performance" / "steps.diff", "-    main(4)", "-    main(5)")
    (tmp_path / "empty").mkdir()
    done = migrate_own(tmp_path / "empty", "apply", "own", "--level", "performance", "--dry-run", *form)
    assert done.code == 4
    assert "stage performance" in done.err
    assert contents(tmp_path / "empty") == {}
