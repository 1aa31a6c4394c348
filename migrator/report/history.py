"""The records of an output's stages, and a choice of them."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from migrator.errors import UsageError
from migrator.repo.workspace import Workspace
from migrator.report.records import Record, read_records


def history(workspace: Workspace, target: str, stage: str | None = None) -> list[Record]:
    """The records of all finished stages, in their order, or of one. Raises `UsageError` for an unknown stage."""
    names = [finished.name for finished in workspace.stages()]
    if stage is not None and stage not in names:
        raise UsageError(
            f"{target}: stage {stage} is not applied; there are {', '.join(names) or 'none'}",
            hint=f"see what is there with migrate diff {target} --stat",
        )
    asked = names if stage is None else [stage]
    return [record for name in asked for record in read_records(workspace.records(name), f"{name}.jsonl")]


def chosen(
    records: Iterable[Record], *, glob: str | None = None, kind: str | None = None, rule: str | None = None
) -> list[Record]:
    """The records about a file that matches `glob` (`*` matches slashes, too), of class `kind`, by rule `rule`."""
    return [
        record
        for record in records
        if (glob is None or any(fnmatchcase(path, glob) for path in record.files))
        and (kind is None or record.item.kind.value == kind)
        and (rule is None or fnmatchcase(record.item.rule, rule))
    ]
