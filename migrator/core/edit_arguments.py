"""Edits of a call's arguments: remove one with its comma, add one in the call's own layout."""

from __future__ import annotations

import ast

from migrator.core.edit_lists import Slot, past_blanks, remove_run
from migrator.core.edits import Edit
from migrator.core.file import File

Argument = ast.expr | ast.keyword


def arguments(call: ast.Call) -> list[Argument]:
    """Positional and keyword arguments in the order of the text."""
    return sorted([*call.args, *call.keywords], key=lambda a: (a.lineno, a.col_offset))


def keyword(call: ast.Call, name: str) -> ast.keyword | None:
    """The keyword argument `name`, if it is written out."""
    return next((k for k in call.keywords if k.arg == name), None)


def argument_slots(file: File, call: ast.Call) -> tuple[int, list[Slot]]:
    """Where the arguments start, and the slot of each, in the order of the text."""
    text = file.source.text
    opening = _after_callee(file, call) + 1
    slots: list[Slot] = []
    lead = past_blanks(text, opening)
    for argument in arguments(call):
        start, end = file.source.span(argument)
        if start < opening:  # in `f(x for x in y)` the generator's brackets are the call's own
            return opening, [(lead, end - 1, None)]
        for _ in range(_brackets(text, lead, start)):
            end = past_blanks(text, end) + 1
        after = past_blanks(text, end)
        comma = after if text[after : after + 1] == b"," else None
        slots.append((lead, end, comma))
        lead = past_blanks(text, comma + 1) if comma is not None else after
    return opening, slots


def _brackets(text: bytes, at: int, end: int) -> int:
    """How many brackets open between two offsets; those in comments do not count."""
    count = 0
    while at < end:
        at, count = past_blanks(text, at + 1), count + 1
    return count


def _after_callee(file: File, call: ast.Call) -> int:
    end = file.source.span(call.func)[1]
    return past_blanks(file.source.text, end, b")")


def remove_argument(file: File, call: ast.Call, argument: Argument) -> Edit:
    """Remove one argument with the comma that goes with it. For several of a call: `edit_calls.remove_arguments`."""
    at = arguments(call).index(argument)
    opening, slots = argument_slots(file, call)
    return remove_run(file, opening, slots, at, at)


def add_argument(file: File, call: ast.Call, new: str) -> Edit:
    """Append `new` as last argument; on a line of its own where the last argument stands on one."""
    opening, slots = argument_slots(file, call)
    if not slots:
        return Edit(opening, opening, new.encode())
    start, end, comma = slots[-1]
    text, stop = file.source.text, end if comma is None else comma + 1
    if isinstance(call.args[:1] and call.args[0], ast.GeneratorExp) and file.source.span(call.args[0])[0] < opening:
        return Edit(opening, end, b"(" + text[opening:end] + b"), " + new.encode())
    before = text[file.source.line_start(start) : start]
    if before.strip() or (len(slots) == 1 and comma is None):
        return Edit(stop, stop, b", " + new.encode() if comma is None else b" " + new.encode() + b",")
    line = text[stop : file.source.line_end(stop)].rstrip(b"\r\n")
    tail = line if line.lstrip().startswith(b"#") else b""  # a comment that is about the argument before
    added = file.source.newline(start) + before + new.encode()
    if comma is None:
        return Edit(end, end + len(tail), b"," + tail + added)
    return Edit(stop + len(tail), stop + len(tail), added + b",")


def replace_argument(file: File, call: ast.Call, argument: Argument, new: str) -> Edit:
    """Replace one argument, `name=` and its brackets included, by `new`."""
    start, end, _ = argument_slots(file, call)[1][arguments(call).index(argument)]
    return Edit(start, end, new.encode())
