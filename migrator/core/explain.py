"""From byte edits to explained lines: which lines each fix changed, before and after."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from migrator.core.edits import Edit, Fix, apply_edits
from migrator.core.findings import LineRange
from migrator.core.linemap import Hunk, LineMap, line_starts
from migrator.core.steps import Step, StepChange

_Span = tuple[int, int, bytes]


@dataclass
class _Group:
    """Edits that touch the same lines: lines [low, high) of the old text."""

    low: int
    high: int
    edits: list[Edit] = field(default_factory=list)


class _Lines:
    """A text by its lines; an empty line after the last line end does not count."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.starts = [start for start in line_starts(text) if start < len(text)]

    def number(self, offset: int) -> int:
        """The line of an offset; the one after the last for the end of a text that ends with a line end."""
        at_end = offset == len(self.text) and (not self.text or self.text.endswith((b"\n", b"\r")))
        return len(self.starts) + 1 if at_end else bisect_right(self.starts, offset)

    def offset(self, line: int) -> int:
        """Where a line starts; the end of the text for the line after the last."""
        return self.starts[line - 1] if line <= len(self.starts) else len(self.text)

    def slice(self, lines: LineRange) -> str:
        return self.text[self.offset(lines.start) : self.offset(lines.stop)].decode("utf-8", "replace")


def _extent(lines: _Lines, edit: Edit) -> tuple[int, int]:
    """The old lines an edit touches; an edit of whole lines touches no neighbour."""
    low, high = lines.number(edit.start), lines.number(edit.end)
    starts = lines.offset(low) == edit.start and lines.offset(high) == edit.end
    whole = starts and (edit.new[-1:] in (b"", b"\n", b"\r") or edit.end == len(lines.text))
    return low, min(high + (not whole), len(lines.starts) + 1)


def _groups(lines: _Lines, edits: Sequence[Edit]) -> list[_Group]:
    groups: list[_Group] = []
    for edit in edits:
        low, high = _extent(lines, edit)
        if not groups or not _belongs(lines, groups[-1], low, high):
            groups.append(_Group(low, high))
        groups[-1].high = max(groups[-1].high, high)
        groups[-1].edits.append(edit)
    for group in groups[-1:]:
        _close(lines, group)
    return groups


def _belongs(lines: _Lines, group: _Group, low: int, high: int) -> bool:
    """Whether an edit of lines [low, high) touches the lines of the group before it."""
    if low < group.high or (low, high) == (group.low, group.high):
        return True
    _close(lines, group)
    return low < group.high


def _close(lines: _Lines, group: _Group) -> None:
    """Take in the next line where the group's text has lost its line end, so that the two become one."""
    after = _after(lines, group)
    if after and not after.endswith((b"\n", b"\r")) and group.high <= len(lines.starts):
        group.high += 1


def _after(lines: _Lines, group: _Group) -> bytes:
    """What the group's lines become."""
    start, end = lines.offset(group.low), lines.offset(group.high)
    moved = [Edit(edit.start - start, edit.end - start, edit.new) for edit in group.edits]
    return apply_edits(lines.text[start:end], moved)


def _hunks(lines: _Lines, groups: Sequence[_Group]) -> list[Hunk]:
    hunks: list[Hunk] = []
    shift = 0
    for group in groups:
        before = LineRange(group.low, group.high - group.low)
        hunks.append(Hunk(before, LineRange(group.low + shift, len(_Lines(_after(lines, group)).starts))))
        shift += hunks[-1].after.count - before.count
    return hunks


def _span(edit: Edit) -> _Span:
    return edit.start, edit.end, edit.new


def step_of(
    path: str, before: bytes, after: bytes, edits: Sequence[Edit], fixes: Sequence[Fix], first_fix: int
) -> Step:
    """The step made by `edits` of `fixes` on a file; fixes are numbered from `first_fix`."""
    old, new = _Lines(before), _Lines(after)
    groups = _groups(old, edits)
    hunks = _hunks(old, groups)
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
