"""A diff between two stages as plain values, for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from migrator.core.findings import Change, LineRange
from migrator.core.linemap import Hunk
from migrator.report.filediff import DiffHunk, DiffLine, FileDiff
from migrator.report.why import FileWhy, Why


def as_json(old: str, new: str, files: Sequence[FileDiff], whys: Sequence[FileWhy]) -> dict[str, Any]:
    """Return what `migrate diff --json` prints. Ranges are [first line, count]; an empty one stands before its line."""
    return {
        "from": old,
        "to": new,
        "added": sum(file.added for file in files),
        "removed": sum(file.removed for file in files),
        "files": [_file(file, why) for file, why in zip(files, whys, strict=True)],
    }


def _file(file: FileDiff, why: FileWhy) -> dict[str, Any]:
    return {
        "path": file.path,
        "old_path": file.old_path,
        "status": file.status.value,
        "binary": file.binary,
        "added": file.added,
        "removed": file.removed,
        "why": [] if file.hunks else _whys(why.file),
        "hunks": [_hunk(hunk, one) for hunk, one in zip(file.hunks, why.hunks, strict=True)],
    }


def _hunk(hunk: DiffHunk, why: Why) -> dict[str, Any]:
    return {
        "header": hunk.header,
        "section": hunk.section,
        "before": _range(hunk.before),
        "after": _range(hunk.after),
        "lines": [_line(line) for line in hunk.lines],
        "why": _whys(why),
        "unexplained": [_run(run) for run in why.unexplained if run is not None],
    }


def _line(line: DiffLine) -> dict[str, Any]:
    ending = {} if line.newline else {"newline": False}
    return {"op": line.op, "before": line.before, "after": line.after, "text": line.text} | ending


def _whys(why: Why) -> list[dict[str, Any]]:
    """The explanations of a hunk, each once, with the runs of lines that it is for."""
    found: dict[tuple[tuple[str, str], ...], list[dict[str, list[int]]]] = {}
    for run in why.runs:
        for change in run.changes:
            places = found.setdefault(tuple(_why(change).items()), [])
            if run.run is not None and _run(run.run) not in places:
                places.append(_run(run.run))
    return [{**dict(reason), "runs": places} for reason, places in found.items()]


def _why(change: Change) -> dict[str, str]:
    return {
        "stage": change.stage,
        "layer": change.layer,
        "rule": change.rule,
        "class": change.kind.value,
        "reason": change.reason,
        "source": change.source,
    }


def _run(run: Hunk) -> dict[str, list[int]]:
    return {"before": _range(run.before), "after": _range(run.after)}


def _range(lines: LineRange) -> list[int]:
    return [lines.start, lines.count]
