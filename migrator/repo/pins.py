"""Pins: which upstream a recipe starts from, to the commit or the checksum, one TOML file each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from migrator.core.target import Chip, ExecutionMode, Style, Target


@dataclass(frozen=True)
class ExpectedStage:
    """The ids a stage must come out with: its tree and its commit, 40 hexadecimal digits each."""

    tree: str
    commit: str


@dataclass(frozen=True)
class Expected:
    """What the stages come out with for one target."""

    release: str
    mode: ExecutionMode
    chip: Chip
    style: Style
    stages: Mapping[str, ExpectedStage]

    def holds_for(self, target: Target) -> bool:
        """Whether it was recorded for `target`."""
        asked = (target.release.name, target.mode, target.chip, target.style)
        return (self.release, self.mode, self.chip, self.style) == asked


@dataclass(frozen=True)
class Pin:
    """What every pin has. `tree` is git's id of the selected tree; `data_format` says where the data is described."""

    name: str
    licence: str
    data_format: str
    tree: str
    expected: tuple[Expected, ...]

    def expected_for(self, target: Target) -> Mapping[str, ExpectedStage]:
        """Return stage -> expected ids for `target`; empty when none were recorded."""
        found = (entry.stages for entry in self.expected if entry.holds_for(target))
        return next(found, MappingProxyType({}))


@dataclass(frozen=True)
class GitPin(Pin):
    """A folder of a git repository at a commit; `subfolder` "" is the whole repository."""

    url: str
    commit: str
    subfolder: str = ""


@dataclass(frozen=True)
class SdistPin(Pin):
    """Files of a source archive on a package index; `include` holds globs, empty for all files."""

    project: str
    version: str
    sha256: str
    include: tuple[str, ...] = ()


@dataclass(frozen=True)
class EmbeddedPin(Pin):
    """A folder that travels with this package; wheels lose modes, so `executable` lists the files that have the bit."""

    folder: Path
    executable: tuple[str, ...] = ()


AnyPin = GitPin | SdistPin | EmbeddedPin
