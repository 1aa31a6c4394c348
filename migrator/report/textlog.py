"""The log a person reads, in the form of Gaudi's own GPU migration log.

Source of the form: the log examples in
https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/GPU_Migration_Toolkit/GPU_Migration_Toolkit.html
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from migrator.core.findings import Change, Finding, Kind
from migrator.core.visible import visible
from migrator.report.records import Record

_MOST_LINES = 20  # of one text; the rest is in `migrate diff` and in the JSON lines


def text_log(records: Sequence[Record]) -> str:
    """The whole log as text."""
    return "".join(f"{line}\n" for line in log_lines(records))


def log_lines(records: Sequence[Record]) -> Iterator[str]:
    """Yield the lines of the log: an entry for each record, then the summary."""
    told = list(dict.fromkeys(_without_fix(record) for record in records))
    for record in told:
        yield from (visible(line) for line in entry(record))
        yield ""
    yield from summary(told)


def _without_fix(record: Record) -> Record:
    """The same lines changed for the same reason are one entry, however many fixes asked for it."""
    return replace(record, item=replace(record.item, fix=0)) if isinstance(record.item, Change) else record


def entry(record: Record) -> Iterator[str]:
    """Yield the lines of one record."""
    item = record.item
    line = item.after.start if isinstance(item, Change) else item.line
    yield f"[{record.time.replace('T', ' ').removesuffix('Z')}] {item.file}:{line}"
    yield from _change(item) if isinstance(item, Change) else _finding(item)
    yield f"        {_origin(record)}"
    if isinstance(item, Change):
        yield from (f"        {name}: {_flat(text)}" for name, text in _reasons(item) if text)


def _origin(record: Record) -> str:
    item = record.item
    named = [("rule", item.rule), ("stage", record.stage)]
    named += [("layer", item.layer)] if isinstance(item, Change) and item.layer != item.rule else []
    return ", ".join(f"{name}: {value}" for name, value in named if value)


def _reasons(change: Change) -> list[tuple[str, str]]:
    moved = f"from {change.old_file}" if change.old_file else ""
    return [("renamed", moved), ("reason", change.reason), ("source", change.source)]


def _change(change: Change) -> Iterator[str]:
    before, after = _lines(change.text_before), _lines(change.text_after)
    label = f"    [{change.kind.label}]:"
    if before:
        yield f"    [context]: {before[0].strip()}"
    if len(before) == len(after) == 1:
        yield f"{label} {before[0].strip()} --> {after[0].strip()}"
    else:
        yield f"{label} {_measure(before, after)}"
        yield from _shown("-", before)
        yield from _shown("+", after)


def _measure(before: Sequence[str], after: Sequence[str]) -> str:
    if not before:
        return f"{_count(len(after), 'line')} added"
    if not after:
        return f"{_count(len(before), 'line')} removed"
    return f"{_count(len(before), 'line')} --> {_count(len(after), 'line')}"


def _shown(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:_MOST_LINES]:
        yield f"        {sign} {line}".rstrip()
    if len(lines) > _MOST_LINES:
        yield f"        {sign} ... and {_count(len(lines) - _MOST_LINES, 'more line')}"


def _lines(text: str) -> list[str]:
    """The lines of a text without the indent that all of them share."""
    lines = textwrap.dedent(text.replace("\r\n", "\n")).split("\n")
    return lines if lines[-1] else lines[:-1]


def _finding(finding: Finding) -> Iterator[str]:
    if finding.api:
        yield f"    [context]: {finding.api}"
    yield f"    [{finding.kind.label}]: {_flat(finding.message)}"
    if finding.advice:
        yield f"        advice: {_flat(finding.advice)}"


def _flat(text: str) -> str:
    return " ".join(text.split())


def summary(records: Sequence[Record]) -> Iterator[str]:
    """Yield the closing lines: how many changes and findings there are, by class, in how many files."""
    for what, kind in (("change", Change), ("finding", Finding)):
        some = [record.item for record in records if isinstance(record.item, kind)]
        if not some:
            yield f"no {what}s"
            continue
        counts = Counter(item.kind for item in some)
        classes = ", ".join(f"{counts[kind]} {kind.label}" for kind in Kind if counts[kind])
        yield f"{_count(len(some), what)} in {_count(len({item.file for item in some}), 'file')}: {classes}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
