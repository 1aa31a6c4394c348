"""Edits of a call's arguments: remove one with its comma, add one in the call's own layout."""

from __future__ import annotations

import ast

from migrator.core.edits import Edit
from migrator.core.file import File

Argument = ast.expr | ast.keyword
Slot = tuple[int, int, int | None]  # where an argument starts and ends, parentheses included, and its comma, if any
_BLANK = b" \t\r\n\f\\"


def arguments(call: ast.Call) -> list[Argument]:
    """Positional and keyword arguments in the order of the text."""
    return sorted([*call.args, *call.keywords], key=lambda a: (a.lineno, a.col_offset))


def keyword(call: ast.Call, name: str) -> ast.keyword | None:
    """The keyword argument `name`, if it is written out."""
    return next((k for k in call.keywords if k.arg == name), None)


def _skip(text: bytes, at: int, also: bytes = b"") -> int:
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


def argument_slots(file: File, call: ast.Call) -> tuple[int, list[Slot]]:
    """Where the arguments start, and the slot of each, in the order of the text."""
    text = file.source.text
    opening = text.index(b"(", _after_callee(file, call)) + 1
    slots: list[Slot] = []
    lead = _skip(text, opening)
    for argument in arguments(call):
        end = file.source.span(argument)[1]
        depth = text[lead : file.source.span(argument)[0]].count(b"(")
        while depth:
            end = _skip(text, end) + 1
            depth -= 1
        after = _skip(text, end)
        comma = after if text[after : after + 1] == b"," else None
        slots.append((lead, end, comma))
        lead = _skip(text, comma + 1) if comma is not None else after
    return opening, slots


def _after_callee(file: File, call: ast.Call) -> int:
    end = file.source.span(call.func)[1]
    return _skip(file.source.text, end, b")")


def remove_argument(file: File, call: ast.Call, argument: Argument) -> Edit:
    """Remove one argument with the comma that goes with it; a comment on its own line goes too."""
    at = arguments(call).index(argument)
    opening, slots = argument_slots(file, call)
    start, end, comma = slots[at]
    if at + 1 < len(slots):
        return Edit(start, slots[at + 1][0], b"")
    if at > 0:
        previous = slots[at - 1]
        return Edit(previous[1], end, b"")
    closing = end if comma is None else comma + 1
    return Edit(opening, closing, b"")


def add_argument(file: File, call: ast.Call, new: str) -> Edit:
    """Append `new` as last argument; on a line of its own where the last argument stands on one."""
    opening, slots = argument_slots(file, call)
    if not slots:
        return Edit(opening, opening, new.encode())
    start, end, comma = slots[-1]
    before = file.source.text[file.source.line_start(start) : start]
    own_line = not before.strip() and len(slots) > 1
    gap = file.source.newline(start) + before if own_line else b" "
    if comma is None:
        return Edit(end, end, b"," + gap + new.encode())
    return Edit(comma + 1, comma + 1, gap + new.encode() + b",")


def replace_argument(file: File, call: ast.Call, argument: Argument, new: str) -> Edit:
    """Replace one argument, `name=` included, by `new`."""
    start, end = file.source.span(argument)
    return Edit(start, end, new.encode())
