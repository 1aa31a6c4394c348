"""What the commit of a stage says: its layers with their reasons, and trailers that tell what it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from migrator.core.findings import Finding, Kind
from migrator.core.layers import StageResult, Status
from migrator.migration import UPSTREAM, Migration


@dataclass(frozen=True)
class StageMessage:
    """The parts of a stage's commit message."""

    stage: str
    subject: str
    body: str
    trailers: Mapping[str, str]


def upstream_message(migration: Migration) -> StageMessage:
    """The message of the first commit."""
    return StageMessage(
        UPSTREAM,
        f"{UPSTREAM}: {migration.name}",
        "The upstream as it is, byte for byte.",
        _trailers(migration, UPSTREAM),
    )


def stage_message(migration: Migration, result: StageResult) -> StageMessage:
    """The message of a stage's commit."""
    name = result.stage.name
    return StageMessage(
        name,
        f"{name}: {result.stage.summary.rstrip('.')}",
        "\n".join(_layer_lines(result)),
        _trailers(migration, name) | _counts(result),
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
    counts = finding_counts(result.findings)
    return {
        "Migrate-Changes": str(len(result.changes)),
        "Migrate-Findings": " ".join(f"{kind}={count}" for kind, count in counts.items()) or "none",
    }


def finding_counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings there are of each class, in the order of the classes."""
    kinds = [finding.kind for finding in findings]
    return {kind.value: kinds.count(kind) for kind in Kind if kind in kinds}
