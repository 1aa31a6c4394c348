"""Edits of one file's bytes, and the fixes that group them.

Edits are minimal spans, never replaced nodes, so fixes nest without undoing one another and formatting
survives. The rules, decided once:

- A fix's edits hold together or not at all.
- The same edit asked for by two fixes is made once.
- Fixes that overlap cannot hold in one round: the one that covers the wider span wins, then the one that came
  first. The loser is asked again in the next round, on the new text (see `migrator.core.engine`).
- Insertions at one offset stand in the order in which their fixes came; insertions come before a replacement
  that starts at the same offset.
- Text that copies the indentation of a statement (`anchor`) waits while another fix re-indents that statement.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from migrator.core.findings import Kind


@dataclass(frozen=True)
class Edit:
    """Replace bytes [start, end) of a file by `new`. `anchor`: offset of the statement whose indent `new` copies."""

    start: int
    end: int
    new: bytes
    anchor: int | None = None


@dataclass(frozen=True)
class Fix:
    """Edits that hold together or not at all, with the reason for them."""

    rule: str
    kind: Kind
    reason: str
    source: str
    edits: tuple[Edit, ...]
    reindents: tuple[tuple[int, int], ...] = field(default=())


def _overlap(a: Edit, b: Edit) -> bool:
    if (a.start, a.end, a.new) == (b.start, b.end, b.new):
        return False
    if a.start == a.end or b.start == b.end:
        # an insertion conflicts only strictly inside a replaced span; two insertions never conflict
        lone, other = (a, b) if a.start == a.end else (b, a)
        return other.start < lone.start < other.end
    return a.start < b.end and b.start < a.end


class _Held:
    """What the chosen fixes hold: their edits by offset, the statements they copy, the spans they re-indent."""

    def __init__(self) -> None:
        self._edits: list[tuple[int, int, bytes]] = []  # sorted; none overlaps another
        self._anchors: list[int] = []
        self._spans: list[tuple[int, int]] = []

    def add(self, fix: Fix) -> None:
        for edit in fix.edits:
            span = (edit.start, edit.end, edit.new)
            at = bisect_left(self._edits, span)
            if self._edits[at : at + 1] != [span]:
                self._edits.insert(at, span)
        self._anchors += [edit.anchor for edit in fix.edits if edit.anchor is not None]
        self._spans += fix.reindents

    def clashes(self, fix: Fix) -> bool:
        return (
            any(self._overlaps(edit) for edit in fix.edits)
            or any(lo <= e.anchor < hi for e in fix.edits if e.anchor is not None for lo, hi in self._spans)
            or any(lo <= anchor < hi for lo, hi in fix.reindents for anchor in self._anchors)
            or any(lo < other_hi and other_lo < hi for lo, hi in fix.reindents for other_lo, other_hi in self._spans)
        )

    def _overlaps(self, edit: Edit) -> bool:
        at = max(0, bisect_left(self._edits, (edit.start,)) - 1)  # the one before may reach into the edit
        while at < len(self._edits) and self._edits[at][0] < max(edit.end, edit.start + 1):
            if _overlap(edit, Edit(*self._edits[at])):
                return True
            at += 1
        return False


def contradicts_itself(fix: Fix) -> bool:
    """Whether edits of one fix overlap: a bug in its rule, since they could never be made together."""
    edits = merged_edits([fix])
    return any(_overlap(a, b) for a, b in pairwise(edits))


def _width(fix: Fix) -> int:
    return max((e.end - e.start for e in fix.edits), default=0)


def choose(fixes: Sequence[Fix]) -> list[Fix]:
    """Return the fixes that can hold in one round, in the order in which they came."""
    held = _Held()
    chosen: list[int] = []
    for i in sorted(range(len(fixes)), key=lambda i: (-_width(fixes[i]), i)):
        if not held.clashes(fixes[i]):
            held.add(fixes[i])
            chosen.append(i)
    return [fixes[i] for i in sorted(chosen)]


def merged_edits(fixes: Sequence[Fix]) -> list[Edit]:
    """All edits of `fixes` by offset, each once; insertions first at an offset, in the order of their fixes."""
    unique = dict.fromkeys((e.start, e.end, e.new) for fix in fixes for e in fix.edits)
    ordered = sorted(unique, key=lambda e: (e[0], e[1] != e[0]))  # stable: ties keep the fixes' order
    return [Edit(start, end, new) for start, end, new in ordered]


def apply_edits(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return `data` with `edits` made. They are sorted by offset and do not overlap."""
    out: list[bytes] = []
    at = 0
    for edit in edits:
        if edit.start < at:
            raise ValueError(f"overlapping edit at byte {edit.start}")
        out += (data[at : edit.start], edit.new)
        at = edit.end
    out.append(data[at:])
    return b"".join(out)
