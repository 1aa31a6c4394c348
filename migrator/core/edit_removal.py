"""Remove statements together: blocks that they empty go as well, and nothing is left that does not parse.

    if args.amp:                     (the whole `if` goes: its test has no effect)
        scaler.unscale_(optimizer)
        scaler.update()

Where a block that must stay would be empty, `pass` takes its place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import groupby

from migrator.core.edit_prune import only_asks
from migrator.core.edit_statements import start_of, starts_line
from migrator.core.edits import Edit
from migrator.core.file import File


def remove_all(file: File, statements: Iterable[ast.stmt]) -> list[Edit]:
    """The edits that remove `statements`, whole `if`s that hold nothing else, and `else` blocks that they empty."""
    doomed = _with_emptied_ifs(file, set(statements))
    suites = {id(suite): suite for statement in doomed if (suite := file.suite(statement))}
    edits: list[Edit] = []
    for suite in suites.values():
        if not _inside(file, suite[0], doomed):
            edits += _in_suite(file, suite, doomed)
    return sorted(edits, key=lambda edit: edit.start)


def _with_emptied_ifs(file: File, doomed: set[ast.stmt]) -> set[ast.stmt]:
    waiting = list(doomed)
    while waiting:
        above = file.parent(waiting.pop())
        if not isinstance(above, ast.If) or above in doomed or not only_asks(above.test, file):
            continue
        if doomed.issuperset([*above.body, *above.orelse]):
            doomed.add(above)
            waiting.append(above)
    return doomed


def _inside(file: File, statement: ast.stmt, doomed: set[ast.stmt]) -> bool:
    return any(above in doomed for above in file.ancestors(statement))


def _in_suite(file: File, suite: list[ast.stmt], doomed: set[ast.stmt]) -> Iterator[Edit]:
    above = file.parent(suite[0])
    if not doomed.issuperset(suite) or isinstance(above, ast.Module):
        for line in _lines(suite):
            yield from _in_line(file, line, doomed)
        return
    start, end = start_of(file, suite[0]), file.source.span(suite[-1])[1]
    if isinstance(above, ast.If) and suite is above.orelse:
        keyword = _else_keyword(file, above)
        yield Edit(keyword, file.source.line_end(end), b"")
    else:
        yield Edit(start, end, b"pass")


def _else_keyword(file: File, statement: ast.If) -> int:
    """Where the line of `else:` (or of the `elif` that stands for it) starts."""
    at = file.source.line_end(file.source.span(statement.body[-1])[1])
    while not file.source.text[at : file.source.line_end(at)].lstrip().startswith((b"else", b"elif")):
        at = file.source.line_end(at)
    return at


def _lines(suite: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """The statements of a block, those that share a line together."""
    line: list[ast.stmt] = []
    for statement in suite:
        if line and statement.lineno != line[-1].end_lineno:
            yield line
            line = []
        line.append(statement)
    yield line


def _in_line(file: File, line: list[ast.stmt], doomed: set[ast.stmt]) -> Iterator[Edit]:
    if doomed.issuperset(line) and starts_line(file, line[0]):
        start, end = file.source.line_start(start_of(file, line[0])), file.source.span(line[-1])[1]
        leads = not start or (line[0] is file.suite(line[0])[0] and line[0] not in file.module.body)
        yield Edit(start, _past_blank_lines(file, start, file.source.line_end(end), leads), b"")
        return
    for is_doomed, run in groupby(enumerate(line), key=lambda item: item[1] in doomed):
        if is_doomed:
            places = [i for i, _ in run]
            yield _run_on_line(file, line, places[0], places[-1])


def _run_on_line(file: File, line: list[ast.stmt], first: int, last: int) -> Edit:
    """Remove the statements `first` to `last` of a line that keeps others, with the semicolons between."""
    if last + 1 < len(line):
        return Edit(start_of(file, line[first]), start_of(file, line[last + 1]), b"")
    return Edit(file.source.span(line[first - 1])[1], file.source.span(line[last])[1], b"")


def _past_blank_lines(file: File, start: int, stop: int, leads: bool) -> int:
    """`stop`, moved over the blank lines that would add to those before `start`; a block starts with none."""
    text = file.source.text
    before = len(text) if leads else 0
    while start and not text[(previous := file.source.line_start(start - 1)) : start].strip():
        before, start = before + 1, previous
    while before and stop < len(text) and not text[stop : file.source.line_end(stop)].strip():
        before, stop = before - 1, file.source.line_end(stop)
    return stop
