"""Edits of lists with commas, such as the arguments of a call or the items of a with-block."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.core.edits import Edit
from migrator.core.file import File

Slot = tuple[int, int, int | None]  # where an element starts and ends, parentheses included, and its comma, if any
_BLANK = b" \t\r\n\f\\"


def past_blanks(text: bytes, at: int, also: bytes = b"") -> int:
    """The next offset that is neither white space, comment nor one of `also`."""
    while at < len(text):
        if text[at : at + 1] == b"#":
            while at < len(text) and text[at : at + 1] not in (b"\n", b"\r"):
                at += 1
        elif text[at : at + 1] in (_BLANK + also) and text[at : at + 1]:
            at += 1
        else:
            break
    return at


def remove_run(file: File, opening: int, slots: Sequence[Slot], first: int, last: int) -> Edit:
    """Remove the elements from `first` to `last`, none of whose neighbours goes; comments on other lines stay."""
    text, (start, _, _), (_, end, comma) = file.source.text, slots[first], slots[last]
    stop = end if comma is None else comma + 1
    closing = past_blanks(text, stop)
    if first == 0 and last + 1 == len(slots) and b"#" not in text[opening:start] + text[stop:closing]:
        return Edit(opening, closing, b"")
    line, rest = file.source.line_start(start), text[stop : file.source.line_end(stop)].strip()
    ends_line = comma is not None and (not rest or rest.startswith(b"#"))
    if ends_line and not text[line:start].strip():
        return Edit(line, file.source.line_end(stop), b"")
    if first == 0:
        if last + 1 < len(slots) and b"#" not in text[stop : slots[last + 1][0]]:
            return Edit(start, slots[last + 1][0], b"")
        return Edit(start, stop, b"")
    _, end_before, comma_before = slots[first - 1]
    behind = end_before if comma_before is None else comma_before + 1
    if last + 1 < len(slots):
        return Edit(behind, stop, b"") if ends_line else Edit(start, slots[last + 1][0], b"")
    has_comment = b"#" in text[behind:start]
    return Edit(start, stop, b"") if has_comment else Edit(end_before, end, b"")
