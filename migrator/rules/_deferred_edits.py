"""The edits that let the host read a running value's numbers where the value is used, in one copy."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace as changed

from migrator.core.edit_blocks import insert_block_after, insert_block_before
from migrator.core.edit_lines import past_deeper_comments
from migrator.core.edit_statements import insert_after, insert_before, replace_statement, start_of
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._backend import scope_at
from migrator.rules._deferred_places import branches, left_loop
from migrator.rules._deferred_tensor import kept
from migrator.rules._deferred_values import Running, replayed

READER = "read_pending"


def deferred(running: Running) -> list[Edit]:
    """All edits for one running value, but for the function that reads."""
    pending = _pending(running)
    return [*_collected(running, pending), _started(running, pending), *_read(running, pending)]


def taken(running: Running) -> str:
    """Why the names of what is added cannot be used; "" where they can."""
    scope = scope_at(running.file, running.loop)
    if scope.find(pending := _pending(running)) is not None:
        return f"{pending} is something else here"
    return "" if _free_name(running) else "value is something else here"


def _pending(running: Running) -> str:
    return f"pending_{running.name}"


def _collected(running: Running, pending: str) -> Iterator[Edit]:
    for added in running.added:
        tensor = kept(added, running)
        code = f"{pending} = [{tensor}]" if running.keeps_last else f"{pending}.append({tensor})"
        yield replace_statement(running.file, added.statement, [code])


def _started(running: Running, pending: str) -> Edit:
    """The list starts where the running value does, if that is on every way to the loop; else before the loop."""
    file, current = running.file, running.outermost
    for top in (current, *(a for a in file.ancestors(current) if isinstance(a, ast.stmt))):
        if isinstance(top, (ast.FunctionDef, ast.AsyncFunctionDef)):
            break
        suite = file.suite(top)
        for statement in reversed(suite[: suite.index(top)]):
            if isinstance(statement, (ast.Assign, ast.AnnAssign)) and any(
                u in ast.walk(statement) for u in _set(running)
            ):
                return insert_after(file, statement, f"{pending} = []")
    return _above_comments(insert_before(file, current, f"{pending} = []"), file)


def _set(running: Running) -> list[ast.Name]:
    return [use for use in running.others if isinstance(use.ctx, ast.Store)]


def _read(running: Running, pending: str) -> Iterator[Edit]:
    """The numbers are read at the head of each branch that uses the value, and behind the loop if need be."""
    file, left = running.file, left_loop(running)
    for branch in branches(running, left):
        yield _above_comments(insert_block_before(file, branch.body[0], _lines(running, pending)), file)
    if left is not None:
        edit = insert_block_after(file, left, _lines(running, pending))
        at = past_deeper_comments(file.source, edit.start, file.source.indent(start_of(file, left)))
        yield changed(edit, start=at, end=at)


def _lines(running: Running, pending: str) -> str:
    """The loop that adds what is read: the statement as it was, on numbers that have been copied."""
    file = running.file
    value = _free_name(running)
    head, body = (file.source.indent(start_of(file, s)) for s in (running.loop, running.loop.body[0]))
    unit = body.removeprefix(head).decode() if body != head else "    "
    return f"for {value} in {READER}({pending}):\n{unit}{replayed(running.added[0], file, value)}"


def _free_name(running: Running) -> str:
    """A name for the number that nothing else has, but for loops such as this one; "" where there is none."""
    file = running.file
    scope = scope_at(file, running.loop)
    for name in ("value", f"value_of_{running.name}"):
        home = scope.find(name)
        own = [use for use in file.uses(name) if file.index.scope_of[use].find(name) is home]
        if home is None or (home is scope and all(_is_in_reader(use, file) for use in own)):
            return name
    return ""


def _is_in_reader(use: ast.AST, file: File) -> bool:
    loops = (a for a in file.ancestors(use) if isinstance(a, ast.For) and isinstance(a.iter, ast.Call))
    return any(isinstance(a.iter, ast.Call) and getattr(a.iter.func, "id", "") == READER for a in loops)


def _above_comments(edit: Edit, file: File) -> Edit:
    """The insertion before the comments that lead a statement."""
    at, text = edit.start, file.source.text
    while at and text[(above := file.source.line_start(at - 1)) : at].lstrip(b" \t").startswith(b"#"):
        at = above
    return changed(edit, start=at, end=at)
