"""Which folder of a TARGET runs: the output as it stands there, or one of its stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migrator.errors import UsageError
from migrator.output_place import find_output
from migrator.recipes import LEVELS
from migrator.repo.stage_export import export_stage
from migrator.repo.workspace import Workspace


@dataclass(frozen=True)
class Tree:
    """The folder, what to call TARGET, the stage that the folder holds, and what the output was made with."""

    path: Path
    name: str
    level: str
    settings: Mapping[str, str]
    note: str = ""

    @property
    def ported_for(self) -> dict[str, str]:
        """The release, mode, chip and style, by these names."""
        return dict(word.split("=", 1) for word in self.settings.get("target", "").split() if "=" in word)

    def reaches(self, level: str) -> bool:
        """Whether the folder's stage is `level` or one after it."""
        return self.level in LEVELS and LEVELS.index(self.level) >= LEVELS.index(level)


def find_tree(target: str | None, level: str | None, cwd: Path) -> Tree:
    """The folder of TARGET that runs. A `level` that is not the output's last is made a folder of its own, and the
    note says which. Raises `UsageError` where there is no output, or not that far.
    """
    name, workspace = find_output(target, cwd)
    last = workspace.stages()[-1].name
    if level is None or level == last:
        return Tree(workspace.path, name, last, workspace.settings)
    return _stage(workspace, name, level, last)


def _stage(workspace: Workspace, name: str, level: str, last: str) -> Tree:
    if level not in (stage.name for stage in workspace.stages()):
        raise UsageError(
            f"the output {workspace.path} has no stage {level}: it is at {last}",
            hint=f"migrate apply makes it: --level {level}",
        )
    path = export_stage(workspace, level)
    note = f"stage {level} runs from {path}; the output, which is at {last}, stays as it is"
    return Tree(path, name, level, workspace.settings, note)
