"""Take out what has no counterpart: a statement with the branches it leaves empty, a with-block's item, a decorator."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from migrator.core.edit_removal import remove_all
from migrator.core.edit_with import remove_item, unwrap
from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError


@dataclass(frozen=True)
class Removal:
    """Edits that take something out, and the spans that they re-indent."""

    edits: tuple[Edit, ...]
    reindents: tuple[tuple[int, int], ...] = ()


def statement_of(call: ast.AST, file: File) -> ast.Expr | None:
    """The statement that is this call and nothing else."""
    above = file.parent(call)
    return above if isinstance(above, ast.Expr) else None


def take_out_statement(file: File, statement: ast.stmt) -> Removal:
    """Remove a statement."""
    return Removal(tuple(remove_all(file, [statement])))


def take_out_context(file: File, item: ast.withitem) -> Removal | None:
    """Take an item off its with-block, or the block off its body; None when the block binds the item's value."""
    block = file.parent(item)
    if not isinstance(block, (ast.With, ast.AsyncWith)) or item.optional_vars is not None:
        return None
    if len(block.items) > 1:
        return Removal((remove_item(file, block, item),))
    edits, span = unwrap(file, block)
    return Removal(tuple(edits), (span,))


def take_out_decorator(file: File, decorator: ast.expr) -> Removal:
    """Remove a decorator that stands on a line of its own."""
    source = file.source
    start, end = source.span(decorator)
    before = source.text[source.line_start(start) : start].strip()
    after = source.text[end : source.line_end(end)].strip()
    if before != b"@" or (after and not after.startswith(b"#")):
        raise SpotMismatchError(decorator, "a decorator on a line of its own", file.text(decorator))
    return Removal((Edit(source.line_start(start), source.line_end(end), b""),))
