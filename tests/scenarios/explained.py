"""Which hunks of an output's diffs no recorded change explains."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from migrator.repo.workspace import Workspace
from migrator.report.stage_diff import stage_diff


def unexplained(output: Path) -> list[str]:
    """The hunks of every pair of stages that no change explains."""
    workspace = Workspace.open(output)
    names = [stage.name for stage in workspace.stages()]
    found = []
    for old, new in combinations(names, 2):
        diff = stage_diff(workspace, output.name, old, new)
        for file, why in zip(diff.files, diff.whys, strict=True):
            assert len(why.hunks) == len(file.hunks)
            missing = [run for hunk in why.hunks or (why.file,) for run in hunk.unexplained]
            found += [f"{old}..{new} {file.path} {run}" for run in missing]
    return found
