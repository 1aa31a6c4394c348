"""The difference between two stages of an output, with its explanations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from migrator.core.findings import Change
from migrator.core.tree import Tree
from migrator.errors import UsageError
from migrator.recipes import LEVELS
from migrator.repo.workspace import CommittedStage, Workspace
from migrator.report.filediff import FileDiff
from migrator.report.hunks import parse
from migrator.report.output_diff import diff_between
from migrator.report.records import from_lines
from migrator.report.trails import StageStep
from migrator.report.why import FileWhy, explain


@dataclass(frozen=True)
class StageDiff:
    """What differs between two finished stages of `workspace`; `span` is the stages from the one to the other."""

    workspace: Workspace
    span: tuple[CommittedStage, ...]

    @property
    def old(self) -> CommittedStage:
        """The stage compared from."""
        return self.span[0]

    @property
    def new(self) -> CommittedStage:
        """The stage compared with."""
        return self.span[-1]

    @cached_property
    def text(self) -> bytes:
        """The difference in git's format."""
        return diff_between(self.workspace.path, self.old.commit, self.new.commit)

    def exported(self) -> bytes:
        """The difference as `git apply` takes it at the root of a clone of the upstream."""
        subfolder = self.workspace.settings.get("subfolder", "").strip("/")
        return diff_between(self.workspace.path, self.old.commit, self.new.commit, subfolder=subfolder)

    @cached_property
    def files(self) -> Sequence[FileDiff]:
        """The difference as values."""
        return parse(self.text)

    @cached_property
    def trees(self) -> Sequence[Tree]:
        """The files of each stage of the span."""
        return [self.workspace.read_tree(stage.name) for stage in self.span]

    @cached_property
    def whys(self) -> Sequence[FileWhy]:
        """The explanation of each of `files`."""
        changes = [self._changes(stage.name) for stage in self.span[1:]]
        steps = [StageStep(*step) for step in zip(self.trees, self.trees[1:], changes, strict=False)]
        return [explain(file, steps) for file in self.files]

    def _changes(self, stage: str) -> Sequence[Change]:
        return from_lines(self.workspace.records(stage), f"{stage}.jsonl")[0]


def stage_diff(workspace: Workspace, target: str, old: str | None = None, new: str | None = None) -> StageDiff:
    """The difference from stage `old` to stage `new`; by default from the one before the last stage to the last.

    Only `old`: from there to the last stage. Raises `UsageError` for stages that are not there or in the wrong
    order, with what to do about it; `target` is what the user calls the output.
    """
    stages = workspace.stages()
    names = [stage.name for stage in stages]
    if len(names) < 2:
        raise UsageError(
            f"{target}: no stage is applied yet, so there is nothing to compare",
            hint=f"run migrate apply {target} --level minimal first",
        )
    first = _place(names, old, target) if old else len(names) - 2
    last = _place(names, new, target) if new else len(names) - 1
    if first >= last:
        raise UsageError(
            f"{target}: stage {names[first]} does not come before {names[last]}",
            hint=f"the order of the stages is {', '.join(names)}",
        )
    return StageDiff(workspace, stages[first : last + 1])


def _place(names: Sequence[str], name: str, target: str) -> int:
    if name in names:
        return names.index(name)
    if name in LEVELS:
        raise UsageError(
            f"{target}: stage {name} is not applied yet; there are {', '.join(names)}",
            hint=f"run migrate apply {target} --level {name} first",
        )
    raise UsageError(f"{target}: there is no stage {name!r}", hint=f"the stages are {', '.join(names)}")
