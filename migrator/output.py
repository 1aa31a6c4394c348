"""Bring an output to a level: begin it, add the stages it lacks, and say what was done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

from migrator.core.findings import Finding, Kind
from migrator.core.layers import StageResult, Status
from migrator.core.tree import Tree, git_tree_hash
from migrator.errors import LayerError, OutputError
from migrator.fingerprint import fingerprint
from migrator.migration import UPSTREAM, Migration, check_expected, run_stages
from migrator.report.records import to_lines
from migrator.repo.rules_note import read_rules_note, write_rules_note
from migrator.repo.workspace import CommittedStage, Workspace
from migrator.repo.workspace_writer import WorkspaceWriter


@dataclass(frozen=True)
class Report:
    """The output's stages, which of them this run added, and the results of those."""

    stages: tuple[CommittedStage, ...]
    added: tuple[str, ...]
    results: tuple[StageResult, ...]


def bring_to(migration: Migration, level: str, workspace: Workspace) -> Report:
    """Add the stages up to `level` that the output lacks. Nothing changes where all are there."""
    with workspace.locked() as writer:
        writer.begin(migration.settings)
        done = workspace.stages()
        if done:
            workspace.check_unchanged()
            _check_same_rules(migration, done, workspace)
        added, results = _add(migration, level, workspace, writer, [stage.name for stage in done])
        write_rules_note(workspace.path, fingerprint())
        return Report(workspace.stages(), added, results)


def _check_same_rules(migration: Migration, done: tuple[CommittedStage, ...], workspace: Workspace) -> None:
    """Make sure that this version of migrate would make the same stages. Skipped when the rules are the same."""
    if read_rules_note(workspace.path) == fingerprint():
        return
    stages = migration.stages(done[-1].name) if done[-1].name != UPSTREAM else ()
    trees = [migration.upstream.tree, *(r.tree for r in run_stages(migration, migration.upstream.tree, stages))]
    for stage, tree in zip(done, trees, strict=True):
        if git_tree_hash(tree) != stage.tree:
            raise OutputError(
                f"stage {stage.name} was made by another version of migrate, and this one makes it differently",
                hint="choose another output with -o and compare the two, or delete the output and apply again",
            )


def _add(
    migration: Migration, level: str, workspace: Workspace, writer: WorkspaceWriter, have: list[str]
) -> tuple[tuple[str, ...], tuple[StageResult, ...]]:
    stages = migration.stages(level)
    missing = tuple(stage for stage in stages if stage.name not in have)
    added: list[str] = []
    if not have:
        check_expected(migration, UPSTREAM, migration.upstream.tree)
        _commit_upstream(migration, writer)
        added.append(UPSTREAM)
    if not missing:
        return tuple(added), ()
    start: Tree = workspace.read_tree(have[-1]) if have else migration.upstream.tree
    results: list[StageResult] = []
    for result in run_stages(migration, start, missing):
        _commit_stage(migration, result, writer)
        added.append(result.stage.name)
        results.append(result)
    return tuple(added), tuple(results)


def _commit_upstream(migration: Migration, writer: WorkspaceWriter) -> None:
    body = "The upstream as it is, byte for byte."
    commit = writer.commit_stage(
        UPSTREAM,
        migration.upstream.tree,
        subject=f"upstream: {migration.name}",
        body=body,
        trailers=_trailers(migration, UPSTREAM),
        records=b"",
    )
    _check_commit(migration, UPSTREAM, commit)


def _commit_stage(migration: Migration, result: StageResult, writer: WorkspaceWriter) -> None:
    name = result.stage.name
    commit = writer.commit_stage(
        name,
        result.tree,
        subject=f"{name}: {result.stage.summary.rstrip('.')}",
        body="\n".join(_layer_lines(result)),
        trailers=_trailers(migration, name) | _counts(result),
        records=to_lines(result.changes, result.findings, stage=name, time=_now()),
    )
    _check_commit(migration, name, commit)


def _check_commit(migration: Migration, stage: str, commit: str) -> None:
    expected = migration.expected.get(stage)
    if expected is not None and commit != expected.commit:
        raise LayerError(
            f"{migration.name}: stage {stage} has the recorded tree but is commit {commit}, recorded is "
            f"{expected.commit}",
            hint="the wording of layers or trailers has changed; record the new commit in the pin",
        )


def _layer_lines(result: StageResult) -> Iterable[str]:
    for layer, outcome in zip(result.stage.layers, result.outcomes, strict=True):
        if outcome.status is Status.APPLIED:
            files = len({change.file for change in outcome.changes})
            yield f"- {layer.name}: {layer.reason} ({len(outcome.changes)} changes in {files} files)"


def _trailers(migration: Migration, stage: str) -> dict[str, str]:
    settings = migration.settings
    return {
        "Migrate-Stage": stage,
        "Migrate-Recipe": settings["recipe"],
        "Migrate-Upstream": settings["upstream"],
        "Migrate-Upstream-Tree": settings["upstream-tree"],
        "Migrate-Target": settings["target"],
        "Migrate-Patches": settings["patches"],
    }


def _counts(result: StageResult) -> dict[str, str]:
    return {
        "Migrate-Changes": str(len(result.changes)),
        "Migrate-Findings": " ".join(f"{kind}={count}" for kind, count in finding_counts(result.findings).items())
        or "none",
    }


def finding_counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings there are of each class, in the order of the classes."""
    kinds = [finding.kind for finding in findings]
    return {kind.value: kinds.count(kind) for kind in Kind if kind in kinds}


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
