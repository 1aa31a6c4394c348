"""From byte edits to explained lines: which lines each fix changed, before and after."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from migrator.core.edits import Edit, Fix
from migrator.core.findings import LineRange
from migrator.core.linemap import Hunk, LineMap, line_starts
from migrator.core.steps import Step, StepChange

_Span = tuple[int, int, bytes]


@dataclass
class _Group:
    """Edits that touch the same lines: lines [low, high) of the old text, and how many they become."""

    low: int
    high: int
    lines_after: int
    edits: list[Edit] = field(default_factory=list)


class _Lines:
    def __init__(self, text: bytes) -> None:
        self.text = text
        self.starts = line_starts(text)

    def number(self, offset: int) -> int:
        return bisect_right(self.starts, offset)

    def starts_at(self, offset: int) -> bool:
        return self.starts[self.number(offset) - 1] == offset

    def slice(self, lines: LineRange) -> str:
        low = self.starts[lines.start - 1] if lines.start <= len(self.starts) else len(self.text)
        high = self.starts[lines.stop - 1] if lines.stop <= len(self.starts) else len(self.text)
        return self.text[low:high].decode("utf-8", "replace")


def _breaks(data: bytes) -> int:
    return len(line_starts(data)) - 1


def _extent(lines: _Lines, edit: Edit) -> tuple[int, int]:
    """The old lines an edit touches; an edit of whole lines touches no neighbour."""
    low = lines.number(edit.start)
    whole = lines.starts_at(edit.start) and lines.starts_at(edit.end) and edit.new[-1:] in (b"", b"\n", b"\r")
    return low, lines.number(edit.end) + (0 if whole else 1)


def _groups(lines: _Lines, edits: Sequence[Edit]) -> list[_Group]:
    groups: list[_Group] = []
    for edit in edits:
        low, high = _extent(lines, edit)
        if not groups or (low >= groups[-1].high and (low, high) != (groups[-1].low, groups[-1].high)):
            groups.append(_Group(low, high, high - low))
        group = groups[-1]
        grown = max(group.high, high)
        group.lines_after += grown - group.high + _breaks(edit.new) - _breaks(lines.text[edit.start : edit.end])
        group.high = grown
        group.edits.append(edit)
    return groups


def _hunks(groups: Sequence[_Group]) -> list[Hunk]:
    hunks: list[Hunk] = []
    shift = 0
    for group in groups:
        count = group.high - group.low
        hunks.append(Hunk(LineRange(group.low, count), LineRange(group.low + shift, max(0, group.lines_after))))
        shift += group.lines_after - count
    return hunks


def _span(edit: Edit) -> _Span:
    return edit.start, edit.end, edit.new


def step_of(
    path: str, before: bytes, after: bytes, edits: Sequence[Edit], fixes: Sequence[Fix], first_fix: int
) -> Step:
    """The step made by `edits` of `fixes` on a file; fixes are numbered from `first_fix`."""
    old, new = _Lines(before), _Lines(after)
    groups = _groups(old, edits)
    hunks = _hunks(groups)
    changes: list[StepChange] = []
    said: set[tuple[str, int, frozenset[_Span]]] = set()
    for number, fix in enumerate(fixes, first_fix):
        spans = {_span(edit) for edit in fix.edits}
        for at, (group, hunk) in enumerate(zip(groups, hunks, strict=True)):
            own = frozenset(spans & {_span(edit) for edit in group.edits})
            if not own or (fix.rule, at, own) in said:
                continue  # the import that an earlier fix of the rule has asked for is explained once
            said.add((fix.rule, at, own))
            texts = (old.slice(hunk.before), new.slice(hunk.after))
            changes.append(
                StepChange(hunk.before, hunk.after, *texts, fix.rule, fix.kind, fix.reason, fix.source, number)
            )
    return Step(path, path, LineMap(tuple(hunks)), tuple(changes))
