"""What `migrate apply` says when it is done, or would do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrator.console import out, out_bytes, visible
from migrator.core.findings import Change, Finding, Kind
from migrator.core.layers import StageResult
from migrator.core.tree import git_tree_hash
from migrator.core.udiff_write import write_diff
from migrator.migration import UPSTREAM, Migration, run_stages
from migrator.output import Report
from migrator.repo.workspace import Workspace
from migrator.report.records import from_lines, to_lines
from migrator.report.standing import standing_findings

_Records = Mapping[str, tuple[Sequence[Change], Sequence[Finding]]]


def report_output(migration: Migration, report: Report, place: Path, logs: Path | None, *, as_json: bool) -> None:
    """Say what is in the output, what this run added to it, and what is left for a person."""
    workspace = Workspace.open(place)
    records = {s.name: from_lines(workspace.records(s.name), f"{s.name}.jsonl") for s in report.stages}
    left = standing_findings(workspace, report.stages, records)
    if as_json:
        out(json.dumps(_as_json(migration, report, place, records, left), indent=2))
        return
    out(visible(f"{migration.name}: {place}  ({migration.target.describe()})"))
    for stage in report.stages:
        added = "" if stage.name in report.added else "  (was there)"
        out(f"  {stage.name:<12} {stage.commit[:12]}  {_summary(stage.name, *records[stage.name])}{added}")
    if not report.added:
        out("nothing to do: all stages are there, and unchanged")
    for note in (note for result in report.results for outcome in result.outcomes for note in outcome.notes):
        out(visible(f"note: {note}"))
    _out_findings(left)
    out(visible(f"explained: migrate log {place}" + (f", {logs}" if logs else "")))


def _summary(stage: str, changes: Sequence[Change], findings: Sequence[Finding]) -> str:
    if stage == UPSTREAM:
        return "as it is upstream"
    files = len({change.file for change in changes})
    kinds = [change.kind for change in changes]
    counts = ", ".join(f"{kind.value} {kinds.count(kind)}" for kind in Kind if kind in kinds)
    changed = f"{len(changes)} changes in {files} files ({counts})" if changes else "no changes"
    return f"{changed}; {len(findings)} left for a person"


def _out_findings(findings: Iterable[Finding]) -> None:
    """Print what is left, each with what to do."""
    ordered = sorted(findings, key=lambda f: (f.file, f.line))
    if ordered:
        out(f"left for a person: {len(ordered)}")
    for finding in ordered:
        out(visible(f"  {finding.file}:{finding.line}: {finding.kind.value}: {finding.api}: {finding.message}"))
        if finding.advice:
            out(visible(f"      {finding.advice}"))


def report_dry_run(migration: Migration, level: str, *, as_json: bool) -> None:
    """Show every stage's difference, in git's format, and the findings; nothing is written."""
    before = migration.upstream.tree
    shown: list[dict[str, Any]] = []
    for result in run_stages(migration, before, migration.stages(level)):
        diff = write_diff(before, result.tree)
        before = result.tree
        if as_json:
            shown.append(_stage_json(result, diff))
            continue
        out(f"# stage {result.stage.name}: {result.stage.summary}")
        out(f"# tree {git_tree_hash(result.tree)}: {_summary(result.stage.name, result.changes, result.findings)}")
        out_bytes(diff)
        _out_findings(result.findings)
    if as_json:
        out(json.dumps({"dry_run": True, "settings": migration.settings, "stages": shown}, indent=2))


def _stage_json(result: StageResult, diff: bytes) -> dict[str, Any]:
    """A stage as JSON. Bytes of the diff that are not UTF-8 are lone surrogates, as in Python's surrogateescape."""
    name = result.stage.name
    lines = to_lines(result.changes, result.findings, stage=name, time="").splitlines()
    return {
        "stage": name,
        "tree": git_tree_hash(result.tree),
        "diff": diff.decode("utf-8", "surrogateescape"),
        "records": [json.loads(line) for line in lines],
    }


def _as_json(
    migration: Migration, report: Report, place: Path, records: _Records, left: Sequence[Finding]
) -> dict[str, Any]:
    stages = [
        {
            "stage": stage.name,
            "commit": stage.commit,
            "tree": stage.tree,
            "added": stage.name in report.added,
            "changes": len(records[stage.name][0]),
            "findings": [_finding_json(finding) for finding in records[stage.name][1]],
        }
        for stage in report.stages
    ]
    return {
        "output": str(place),
        "settings": migration.settings,
        "changed": bool(report.added),
        "stages": stages,
        "left": [_finding_json(finding) for finding in left],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "class": finding.kind.value,
        "file": finding.file,
        "line": finding.line,
        "api": finding.api,
        "message": finding.message,
        "advice": finding.advice,
    }
