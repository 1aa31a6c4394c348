"""What is left for a person after the last stage: the findings of every stage that no later stage dealt with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from migrator.core.findings import Change, Finding
from migrator.repo.workspace import CommittedStage, Workspace
from migrator.report.trails import StageStep, trail_from

_Records = Mapping[str, tuple[Sequence[Change], Sequence[Finding]]]


def standing_findings(workspace: Workspace, stages: Sequence[CommittedStage], records: _Records) -> list[Finding]:
    """The findings that still stand, each once, at their lines after the last of `stages`.

    A stage lists what it looked for, which need not be all that earlier ones left. A finding ends with its line.
    """
    found: list[Finding] = []
    later: list[StageStep] = []
    after = None
    for at in range(len(stages) - 1, -1, -1):
        changes, findings = records[stages[at].name]
        found = [*(moved for f in findings if (moved := _moved(f, later)) is not None), *found]
        if at and any(records[stage.name][1] for stage in stages[:at]):
            after = after or workspace.read_tree(stages[at].name)
            before = workspace.read_tree(stages[at - 1].name)
            later.insert(0, StageStep(before, after, changes))
            after = before
    return list(dict.fromkeys(found))


def _moved(finding: Finding, later: Sequence[StageStep]) -> Finding | None:
    if not later:
        return finding
    trail = trail_from(finding.file, later)
    line = trail.stands(finding.line)
    return None if line is None else replace(finding, file=trail.paths[-1], line=line)
