"""What one layer did to one file, in the coordinates of that step; stages chain steps together."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.core.findings import Finding, Kind, LineRange
from migrator.core.linemap import LineMap
from migrator.core.tree import Entry


@dataclass(frozen=True)
class StepChange:
    """A contiguous change; `fix` groups the changes of one fix within its layer."""

    before: LineRange
    after: LineRange
    text_before: str
    text_after: str
    rule: str
    kind: Kind
    reason: str
    source: str
    fix: int


@dataclass(frozen=True)
class Step:
    """One rewrite of one file: from `old_path` (the same path, or the one before a rename; "" when new)."""

    path: str
    old_path: str
    map: LineMap
    changes: tuple[StepChange, ...]


@dataclass(frozen=True)
class LayerResult:
    """The tree after a layer and how it came about."""

    tree: dict[str, Entry]
    steps: tuple[Step, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
