"""Which removed line stands beside which added line, and which words of the two differ."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from migrator.report.filediff import DiffHunk, DiffLine

Pair = tuple[DiffLine | None, DiffLine | None]
Span = tuple[int, int]
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_WORD = re.compile(r"\w+")
_ALIKE = 0.5  # below this share of common words, marking the rest would mark nearly everything
_MOST_COMPARED = 2500  # pairs of lines; larger runs are set beside each other as they come


def pairs(hunk: DiffHunk) -> Iterator[Pair]:
    """Yield the rows of a side-by-side view: context on both sides, each run of changes row by row."""
    removed: list[DiffLine] = []
    added: list[DiffLine] = []
    for line in hunk.lines:
        if line.op == "-":
            removed.append(line)
        elif line.op == "+":
            added.append(line)
        else:
            yield from _rows(removed, added)
            removed, added = [], []
            yield line, line
    yield from _rows(removed, added)


def _rows(removed: Sequence[DiffLine], added: Sequence[DiffLine]) -> Iterator[Pair]:
    """Lines that are alike stand beside each other; what is between them is filled up row by row."""
    left = right = 0
    for i, j in (*_alike(removed, added), (len(removed), len(added))):
        rows = max(i - left, j - right)
        for row in range(rows):
            yield (
                removed[left + row] if left + row < i else None,
                added[right + row] if right + row < j else None,
            )
        if i < len(removed) and j < len(added):
            yield removed[i], added[j]
        left, right = i + 1, j + 1


def _alike(removed: Sequence[DiffLine], added: Sequence[DiffLine]) -> Iterator[Span]:
    """Index pairs of lines that share most of their words, in order on both sides."""
    if len(removed) * len(added) > _MOST_COMPARED:
        return
    start = 0
    for i, old in enumerate(removed):
        for j in range(start, len(added)):
            if _likeness(old.text, added[j].text) > _ALIKE:
                yield i, j
                start = j + 1
                break


def _likeness(old: str, new: str) -> float:
    """The share of words that two lines have in common; 0 when neither has any."""
    a, b = _WORD.findall(old), _WORD.findall(new)
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio() if a or b else 0.0


def changed_words(old: str, new: str) -> tuple[list[Span], list[Span]]:
    """Spans of the characters that differ, in each of two lines; none when the lines have little in common."""
    if _likeness(old, new) <= _ALIKE:
        return [], []
    a, b = _TOKEN.findall(old), _TOKEN.findall(new)
    opcodes = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    changed = [code for code in opcodes if code[0] != "equal"]
    return [_span(a, i1, i2) for _, i1, i2, _, _ in changed], [_span(b, j1, j2) for _, _, _, j1, j2 in changed]


def _span(tokens: Sequence[str], start: int, stop: int) -> Span:
    before = sum(len(token) for token in tokens[:start])
    return before, before + sum(len(token) for token in tokens[start:stop])
