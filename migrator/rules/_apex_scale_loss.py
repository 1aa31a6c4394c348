"""`with amp.scale_loss(loss, optimizer) as scaled_loss:` without the scaling: the body alone, with the loss itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import keyword
from migrator.core.edit_expressions import replace
from migrator.core.edit_statements import insert_before
from migrator.core.edit_with import With, remove_item, unwrap
from migrator.core.edits import Edit
from migrator.core.file import File, dotted
from migrator.rules._torch import only

SCALE_LOSS = frozenset({"apex.amp.scale_loss", "apex.amp.handle.scale_loss"})
_REPEATED = (ast.For, ast.AsyncFor, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.comprehension)


def scaled_item(block: With, file: File) -> ast.withitem | None:
    """The item of a with-block that scales a loss."""
    return next((item for item in block.items if only(file.called(item.context_expr), SCALE_LOSS)), None)


def without_scaling(block: With, item: ast.withitem, file: File) -> tuple[list[Edit], list[tuple[int, int]]]:
    """The edits that take the item away, and the spans that they re-indent; none when the loss cannot be told."""
    loss = _loss(item.context_expr)
    if loss is None:
        return [], []
    edits = _loss_in_place(block, item, loss, file)
    if len(block.items) > 1:
        return [*edits, remove_item(file, block, item)], []
    unwrapped, span = unwrap(file, block)
    return [*edits, *unwrapped], [span]


def _loss(call: ast.expr) -> ast.expr | None:
    if not isinstance(call, ast.Call):
        return None
    if call.args:
        return None if isinstance(call.args[0], ast.Starred) else call.args[0]
    given = keyword(call, "loss")
    return given.value if given else None


def _loss_in_place(block: With, item: ast.withitem, loss: ast.expr, file: File) -> list[Edit]:
    """Write the loss where the scaled one was used; as an assignment where that could change what is computed."""
    target, text = item.optional_vars, file.text(loss)
    if target is None:
        return []
    if isinstance(target, ast.Name):
        inner = [node for node in ast.walk(block) if _reads(node, target.id)]
        if _only_inside_blocks(target, file) and _may_move(loss, inner, block, file):
            return [replace(file, use, text) for use in inner if isinstance(use, ast.Name)]
    bracketed = f"({text})" if "\n" in text else text
    return [insert_before(file, block, f"{file.text(target)} = {bracketed}")]


def _reads(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)


def _only_inside_blocks(target: ast.Name, file: File) -> bool:
    """Whether the name is bound by such with-blocks alone and read only inside them."""
    home = file.index.scope_of[target].find(target.id)
    uses = [n for n in file.uses(target.id) if file.index.scope_of[n].find(n.id) is home]
    return all(any(True for _ in _binders(use, file)) for use in uses)


def _binders(use: ast.Name, file: File) -> Iterator[ast.withitem]:
    """The items that give `use` its value: its own for a target, those of the blocks around it for a read."""
    for above in file.ancestors(use):
        for item in above.items if isinstance(above, (ast.With, ast.AsyncWith)) else ():
            bound = item.optional_vars
            names_it = isinstance(bound, ast.Name) and bound.id == use.id
            here = bound is use or isinstance(use.ctx, ast.Load)
            if names_it and here and only(file.called(item.context_expr), SCALE_LOSS):
                yield item


def _may_move(loss: ast.expr, reads: list[ast.AST], block: With, file: File) -> bool:
    """Whether the expression means the same, and is worked out as often, at the places where it is read."""
    if "\n" in file.text(loss):
        return False
    if name := dotted(loss):
        stores = (n for n in ast.walk(block) if isinstance(n, (ast.Name, ast.Attribute)) and not _is_load(n))
        return not any(name == dotted(n) or name.startswith(f"{dotted(n)}.") for n in stores)
    return len(reads) == 1 and not any(isinstance(a, _REPEATED) for a in _between(reads[0], block, file))


def _is_load(node: ast.Name | ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Load)


def _between(node: ast.AST, block: With, file: File) -> Iterator[ast.AST]:
    for above in file.ancestors(node):
        if above is block:
            return
        yield above
