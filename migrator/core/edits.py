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

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

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
    if a == b:
        return False
    if a.start == a.end or b.start == b.end:
        # an insertion conflicts only strictly inside a replaced span; two insertions never conflict
        lone, other = (a, b) if a.start == a.end else (b, a)
        return other.start < lone.start < other.end
    return a.start < b.end and b.start < a.end


def _reindented(edit: Edit, spans: Iterable[tuple[int, int]]) -> bool:
    return edit.anchor is not None and any(lo <= edit.anchor < hi for lo, hi in spans)


def _clash(a: Fix, b: Fix) -> bool:
    return (
        any(_overlap(x, y) for x in a.edits for y in b.edits)
        or any(_reindented(x, b.reindents) for x in a.edits)
        or any(_reindented(y, a.reindents) for y in b.edits)
        or any(lo < b_hi and b_lo < hi for lo, hi in a.reindents for b_lo, b_hi in b.reindents)
    )


def _width(fix: Fix) -> int:
    return max((e.end - e.start for e in fix.edits), default=0)


def choose(fixes: Sequence[Fix]) -> list[Fix]:
    """Return the fixes that can hold in one round, in the order in which they came."""
    by_width = sorted(range(len(fixes)), key=lambda i: (-_width(fixes[i]), i))
    chosen: list[int] = []
    for i in by_width:
        if not any(_clash(fixes[i], fixes[j]) for j in chosen):
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
