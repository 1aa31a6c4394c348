"""The statements that only serve apex's state, and what takes the place of a read of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.bindings import Assigned
from migrator.core.edit_branches import only_asks
from migrator.core.edit_calls import operand
from migrator.core.file import File
from migrator.core.scopes import Scope
from migrator.rules._apex_state import ALL, EMPTY, SERVANTS, STASH, constant, home_of, is_scaler, is_state

_SCALER_STATEMENTS = frozenset({"update_scale", "clear_overflow_state"})
Variable = tuple[Scope, str]


def removable(file: File) -> set[ast.stmt]:
    """Statements whose only effect is on the state, and those that only feed them."""
    gone = {node for node in file.index.nodes if isinstance(node, ast.stmt) and _serves(node, file)}
    waiting = list(_from_state(file))
    while found := [v for v in waiting if _is_unread(*v, gone, file)]:
        waiting = [v for v in waiting if v not in found]
        gone.update(*(_assignments(*v, file) for v in found))
    return gone


def _serves(statement: ast.stmt, file: File) -> bool:
    if isinstance(statement, (ast.Assign, ast.AugAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return all(_is_place(target, file) for target in targets) and _has_no_effect(statement.value, file)
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        return _is_stashed(statement.iter, EMPTY) and not statement.orelse
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return False
    return call.func.attr in SERVANTS or (call.func.attr in _SCALER_STATEMENTS and is_scaler(call.func.value, file))


def _is_place(target: ast.expr, file: File) -> bool:
    """Whether a target is a part of the state, and not a variable that stands for one."""
    return isinstance(target, (ast.Attribute, ast.Subscript)) and is_state(target, file)


def _has_no_effect(value: ast.expr, file: File) -> bool:
    calls = (node for node in ast.walk(value) if isinstance(node, ast.Call))
    return only_asks(value, file) or all(constant(call, file) is not None for call in calls)


def _is_stashed(node: ast.AST, names: frozenset[str]) -> bool:
    stash = node.value if isinstance(node, ast.Attribute) and node.attr in names else None
    return isinstance(stash, ast.Attribute) and stash.attr == STASH


def _from_state(file: File) -> Iterator[Variable]:
    """The variables that hold a part of the state, or an answer of it, or a constant, and nothing else."""
    stores = (n for n in file.index.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    for home, name in dict.fromkeys((home_of(node, file), node.id) for node in stores):
        bindings = home.bindings[name] if home else []
        values = [b.value for b in bindings if isinstance(b, Assigned) and not b.path]
        of_state = [_is_of_state(value, file) for value in values]
        plain = all(known or isinstance(v, ast.Constant) for v, known in zip(values, of_state, strict=True))
        if home and any(of_state) and plain and len(_assignments(home, name, file)) == len(bindings):
            yield home, name


def _is_of_state(value: ast.expr, file: File) -> bool:
    """Whether a value is a part of the state, or an answer about overflows; a loss scale is a number to keep."""
    answer = constant(value, file) if isinstance(value, ast.Call) else None
    return is_state(value, file) if answer is None else answer.value is False


def _assignments(home: Scope, name: str, file: File) -> list[ast.Assign]:
    """The statements `name = value` that bind a variable of the scope."""
    return [
        node
        for node in file.index.nodes
        if isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(target := node.targets[0], ast.Name)
        and target.id == name
        and home_of(target, file) is home
    ]


def _is_unread(home: Scope, name: str, gone: set[ast.stmt], file: File) -> bool:
    """Whether every read of a variable stands in a statement that goes or in a read of the state that is replaced."""
    reads = (n for n in file.uses(name) if not isinstance(n.ctx, ast.Store) and home_of(n, file) is home)
    return all(any(a in gone or _is_replaced(a, file) for a in file.ancestors(read)) for read in reads)


def _is_replaced(node: ast.AST, file: File) -> bool:
    return isinstance(node, ast.expr) and not isinstance(node, ast.Name) and constant(node, file) is not None


def replacement(node: ast.expr, file: File) -> tuple[ast.expr, str] | None:
    """The expression to replace, and by what; None for one that is no read of the state."""
    if isinstance(node, ast.Name):
        return None
    if _is_stashed(node, EMPTY) and isinstance(node, ast.Attribute):
        return node, "[]"
    if _is_stashed(node, ALL) and isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
        return node, f'[p for group in {operand(file, node.value.value)}.param_groups for p in group["params"]]'
    found = constant(node, file)
    if found is None:
        return None
    above = file.parent(node)
    whole = isinstance(above, ast.IfExp) and _says_the_same(above, node, found.value, file)
    return above if isinstance(above, ast.IfExp) and whole else node, repr(found.value)


def _says_the_same(choice: ast.IfExp, node: ast.expr, value: object, file: File) -> bool:
    """Whether the other way of `x if test else y` is this very value, so that the test decides nothing."""
    if node is choice.test:
        return False
    other = choice.orelse if node is choice.body else choice.body
    return isinstance(other, ast.Constant) and other.value == value and only_asks(choice.test, file)
