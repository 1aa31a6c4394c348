"""Whole lines around a removal: comments that stay, and blank lines that would be doubled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrator.core.source import Source


def comment_lines(source: Source, start: int, end: int, but: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """The lines from `start` to `end` that are a comment and nothing else, unindented; none inside the spans `but`."""
    at = start if start == source.line_start(start) else source.line_end(start)
    while at < end:
        stop = source.line_end(at)
        line = source.text[at:stop].lstrip(b" \t\f")
        if line.startswith(b"#") and not any(low < at < high for low, high in but):
            yield line
        at = stop


def past_deeper_comments(source: Source, stop: int, indent: bytes) -> int:
    """`stop`, moved over the comments that follow at a deeper indentation: they belong to the block that ends there."""
    at = stop
    while at < len(source.text):
        line = source.text[at : source.line_end(at)]
        own = line[: len(line) - len(line.lstrip(b" \t\f"))]
        if line.strip() and not (line.strip().startswith(b"#") and own.startswith(indent) and own != indent):
            break
        at = source.line_end(at)
        stop = at if line.strip() else stop
    return stop


def past_blank_lines(source: Source, start: int, stop: int, *, heads_block: bool) -> int:
    """`stop`, moved over the blank lines that would add to those before `start`; a block or file starts with none."""
    text = source.text
    before = len(text) if heads_block or not start else 0
    while start and not text[(previous := source.line_start(start - 1)) : start].strip():
        before, start = before + 1, previous
    while before and stop < len(text) and not text[stop : source.line_end(stop)].strip():
        before, stop = before - 1, source.line_end(stop)
    return stop
