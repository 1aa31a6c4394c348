"""What stands beside a read, as in `total += loss.item() * args.steps`: is it the same when it is added later?"""

from __future__ import annotations

import ast

from migrator.rules._deferred_values import Added, Running, parts_of
from migrator.rules._hoisting import is_settled

_ARITHMETIC = (ast.BinOp, ast.UnaryOp, ast.Constant, ast.operator, ast.unaryop, ast.expr_context)
_CONVERSIONS = ("float", "int", "round")


def is_same_later(added: Added, running: Running) -> bool:
    """Whether everything beside the read is arithmetic with what has the same value when it is added later."""
    own = set(ast.walk(added.read.node)) | {added.name}
    _, value = parts_of(added.statement)
    return all(_is_steady(part, running) for part in ast.walk(value) if part not in own) if value else False


def _is_steady(part: ast.AST, running: Running) -> bool:
    file = running.file
    if isinstance(part, (ast.Name, ast.Attribute)):
        is_own = isinstance(part, ast.Name) and part.id == running.name
        is_called = isinstance(above := file.parent(part), ast.Call) and above.func is part
        return is_own or is_called or (is_settled(part, running.outermost, file) and not _is_set_after(part, running))
    if isinstance(part, ast.Call):
        return isinstance(part.func, ast.Name) and part.func.id in _CONVERSIONS and not file.called(part)
    return isinstance(part, _ARITHMETIC)


def _is_set_after(part: ast.AST, running: Running) -> bool:
    """Whether a name is assigned behind the loops, where the numbers may be added."""
    names = {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
    stores = (n for name in names for n in running.file.uses(name) if not isinstance(n.ctx, ast.Load))
    return any(store.lineno > (running.outermost.end_lineno or 0) for store in stores)
