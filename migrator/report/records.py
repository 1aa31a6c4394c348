"""Changes and findings as JSON lines, one record a line: what an output keeps of each stage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from migrator.core.findings import Change, Finding, Kind, LineRange
from migrator.errors import OutputError


@dataclass(frozen=True)
class Record:
    """A change or a finding, with the stage it belongs to and when that was applied (ISO 8601, UTC)."""

    time: str
    stage: str
    item: Change | Finding

    @property
    def files(self) -> tuple[str, ...]:
        """The paths it is about: the file, and the one before a rename."""
        old = self.item.old_file if isinstance(self.item, Change) else ""
        return tuple(path for path in (self.item.file, old) if path)


def to_lines(changes: Iterable[Change], findings: Iterable[Finding], *, stage: str, time: str) -> bytes:
    """Write the records of one stage. `time` is ISO 8601 in UTC, to the second: `2026-11-21T03:10:11Z`."""
    records = [*(Record(time, stage, c) for c in changes), *(Record(time, stage, f) for f in findings)]
    return format_records(records)


def from_lines(data: bytes, origin: str = "records") -> tuple[list[Change], list[Finding]]:
    """Read what `to_lines` wrote. A damaged line is an `OutputError` that names `origin` and the line."""
    items = [record.item for record in read_records(data, origin)]
    return [item for item in items if isinstance(item, Change)], [item for item in items if isinstance(item, Finding)]


def format_records(records: Iterable[Record]) -> bytes:
    """Write records as JSON lines, in ASCII: undecodable bytes of a path survive as escapes."""
    return b"".join(json.dumps(_fields(record)).encode("ascii") + b"\n" for record in records)


def read_records(data: bytes, origin: str) -> list[Record]:
    """Read JSON lines. A damaged line is an `OutputError` that names `origin` and the line."""
    return [_record(line, f"{origin}:{number}") for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]


def _fields(record: Record) -> dict[str, Any]:
    kind = "change" if isinstance(record.item, Change) else "finding"
    head = {"time": record.time, "record": kind, "stage": record.stage}
    return head | (_of_change(record.item) if isinstance(record.item, Change) else _of_finding(record.item))


def _of_change(change: Change) -> dict[str, Any]:
    return {
        "layer": change.layer,
        "file": change.file,
        **({"old_file": change.old_file} if change.old_file else {}),
        "line_before": change.before.start,
        "lines_before": change.before.count,
        "line_after": change.after.start,
        "lines_after": change.after.count,
        "rule": change.rule,
        "class": change.kind.value,
        "before": change.text_before,
        "after": change.text_after,
        "reason": change.reason,
        "source": change.source,
        "fix": change.fix,
    }


def _of_finding(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file,
        "line": finding.line,
        "class": finding.kind.value,
        "api": finding.api,
        "message": finding.message,
        "advice": finding.advice,
        "rule": finding.rule,
    }


def _record(line: bytes, place: str) -> Record:
    try:
        raw = json.loads(line)
        return Record(_typed(raw, "time", str), _typed(raw, "stage", str), _READERS[raw["record"]](raw))
    except (ValueError, TypeError, KeyError) as error:
        why = f"no field or record {error}" if isinstance(error, KeyError) else str(error)
        raise OutputError(
            f"{place}: not a record of a migration: {why}",
            hint="delete the output and run migrate apply again; it makes the same stages",
        ) from error


def _change(raw: dict[str, Any]) -> Change:
    return Change(
        stage=_typed(raw, "stage", str),
        layer=_typed(raw, "layer", str),
        file=_typed(raw, "file", str),
        before=LineRange(_typed(raw, "line_before", int), _typed(raw, "lines_before", int)),
        after=LineRange(_typed(raw, "line_after", int), _typed(raw, "lines_after", int)),
        rule=_typed(raw, "rule", str),
        kind=Kind(raw["class"]),
        text_before=_typed(raw, "before", str),
        text_after=_typed(raw, "after", str),
        reason=_typed(raw, "reason", str),
        source=_typed(raw, "source", str),
        fix=_typed(raw, "fix", int),
        old_file=_typed(raw, "old_file", str) if "old_file" in raw else "",
    )


def _finding(raw: dict[str, Any]) -> Finding:
    texts = (_typed(raw, name, str) for name in ("api", "message", "advice", "rule"))
    return Finding(Kind(raw["class"]), _typed(raw, "file", str), _typed(raw, "line", int), *texts)


_READERS: dict[str, Callable[[dict[str, Any]], Change | Finding]] = {"change": _change, "finding": _finding}


def _typed(raw: dict[str, Any], name: str, kind: type) -> Any:
    value = raw[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}, not of type {kind.__name__}")
    return value
