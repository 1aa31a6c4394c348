"""Bring an output to a level: begin it, add the stages it lacks, and say what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from migrator.core.layers import StageResult
from migrator.core.tree import Tree, git_tree_hash
from migrator.errors import LayerError, OutputError
from migrator.fingerprint import fingerprint
from migrator.migration import UPSTREAM, Migration, check_expected, run_stages
from migrator.repo.commit_id import commit_id
from migrator.repo.commit_objects import commit_message
from migrator.repo.rules_note import read_rules_note, write_rules_note
from migrator.repo.workspace import CommittedStage, Workspace
from migrator.repo.workspace_writer import WorkspaceWriter
from migrator.report.records import to_lines
from migrator.stage_message import StageMessage, stage_message, upstream_message


@dataclass(frozen=True)
class Report:
    """The output's stages, which of them this run added, and the results of those."""

    stages: tuple[CommittedStage, ...]
    added: tuple[str, ...]
    results: tuple[StageResult, ...]


def bring_to(migration: Migration, level: str, workspace: Workspace) -> Report:
    """Add the stages up to `level` that the output lacks. Nothing changes where all are there.

    Raises `OutputError` for an output that was made otherwise, changed or is in use, and `LayerError` when a stage
    does not apply or is not the recorded one; the stages before that one are there then.
    """
    stages = migration.stages(level)
    with workspace.locked() as writer:
        writer.begin(migration.settings)
        done = workspace.stages()
        if done:
            workspace.check_unchanged()
            _check_same_rules(migration, done, workspace)
            _check_recorded(migration, done)
        write_rules_note(workspace.path, fingerprint())
        names = [stage.name for stage in done]
        added = [] if done else [_commit_upstream(migration, writer)]
        parent = done[-1].commit if done else added[0]
        missing = tuple(stage for stage in stages if stage.name not in names)
        start: Tree = workspace.read_tree(names[-1]) if missing and done else migration.upstream.tree
        results: list[StageResult] = []
        for result in run_stages(migration, start, missing):
            parent = _commit_stage(migration, result, writer, parent)
            results.append(result)
        new = ([] if done else [UPSTREAM]) + [result.stage.name for result in results]
        return Report(workspace.stages(), tuple(new), tuple(results))


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


def _check_recorded(migration: Migration, done: tuple[CommittedStage, ...]) -> None:
    for stage in done:
        _check_commit(migration, stage.name, stage.commit)


def _commit_upstream(migration: Migration, writer: WorkspaceWriter) -> str:
    check_expected(migration, UPSTREAM, migration.upstream.tree)
    return _commit(migration, upstream_message(migration), migration.upstream.tree, writer, "", b"")


def _commit_stage(migration: Migration, result: StageResult, writer: WorkspaceWriter, parent: str) -> str:
    records = to_lines(result.changes, result.findings, stage=result.stage.name, time=_now())
    return _commit(migration, stage_message(migration, result), result.tree, writer, parent, records)


def _commit(
    migration: Migration, message: StageMessage, tree: Tree, writer: WorkspaceWriter, parent: str, records: bytes
) -> str:
    """Commit a stage whose commit is the recorded one, where one is; else raise before anything is written."""
    position = 0 if message.stage == UPSTREAM else 1 + [s.name for s in migration.recipe.stages].index(message.stage)
    text = commit_message(message.subject, message.body, message.trailers)
    _check_commit(migration, message.stage, commit_id(git_tree_hash(tree), parent, position, text))
    return writer.commit_stage(
        message.stage,
        tree,
        subject=message.subject,
        body=message.body,
        trailers=message.trailers,
        records=records,
    )


def _check_commit(migration: Migration, stage: str, commit: str) -> None:
    expected = migration.expected.get(stage)
    if expected is not None and commit != expected.commit:
        raise LayerError(
            f"{migration.name}: stage {stage} is commit {commit}, recorded is {expected.commit}",
            hint="the wording of layers or trailers has changed; review it, then record the new commit in "
            f"upstream_pins/{migration.name}.toml (scripts/record_expected.py)",
        )


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
