"""An `if` between two ways to normalise a layer that come to the same call of the library."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from migrator.core.edit_fold import fold
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._inlining import called_method, inlined, mentions
from migrator.rules._module_attributes import is_shape_of, length, module_class
from migrator.rules._torch import only

_FUNCTION = frozenset({"torch.nn.functional.layer_norm", "torch.layer_norm"})
_QUESTIONS = frozenset({"torch.jit.is_scripting", "torch.jit.is_tracing"})
_Spans = tuple[tuple[int, int], ...]


def same_branches(block: ast.If, file: File) -> Iterator[tuple[list[Edit], _Spans]]:
    """Leave one branch of an `if` whose branches both put the same normalisation in the same place."""
    owner = module_class(block, file)
    if owner is None or len(block.body) != 1 or len(block.orelse) != 1 or not _only_asks(block.test, file):
        return
    body, orelse = (_normalised(suite[0], owner, file) for suite in (block.body, block.orelse))
    if body is not None and body == orelse:
        folded = fold(file, block, taken=True)
        put_in, unneeded = inlined(block.body[0], owner, file)
        gone = [*_unread(block.test, file), *unneeded]
        yield [*folded.edits, *put_in, *remove_all(file, gone)], folded.reindents


def _normalised(statement: ast.stmt, owner: ast.ClassDef, file: File) -> tuple[Any, ...] | None:
    """Where a statement puts a normalisation, and of what with which weight, bias and eps."""
    if isinstance(statement, ast.Return) and statement.value is not None:
        place, value = "", statement.value
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        place, value = ast.unparse(statement.targets[0]), statement.value
    else:
        return None
    parts = _call(value, owner, file) or _method(value, owner, file)
    return (place, *parts) if parts else None


def _call(value: ast.expr, owner: ast.ClassDef, file: File) -> tuple[str, ...] | None:
    """`layer_norm(x, shape, weight, bias, eps)` as (x, weight, bias, eps), where the shape is the weight's."""
    if not isinstance(value, ast.Call) or not only(file.called(value), _FUNCTION) or len(value.args) != 5:
        return None
    x, shape, weight, bias, eps = value.args
    texts = [ast.unparse(part) for part in (x, weight, bias, eps)]
    fits = is_shape_of(shape, texts[1], owner, file) or ast.unparse(shape) == f"{texts[0]}.shape[-1:]"
    return tuple(texts) if fits and not value.keywords and length(texts[1], owner, file) else None


def _method(value: ast.expr, owner: ast.ClassDef, file: File) -> tuple[str, ...] | None:
    """The same for `self.method(x)`, where the method does nothing else."""
    called = called_method(value, owner)
    parts = _call(called.returned, owner, file) if called else None
    return (ast.unparse(called.argument), *parts[1:]) if called and parts and parts[0] == called.parameter else None


def _only_asks(test: ast.expr, file: File) -> bool:
    """Whether working out a test has no effect."""
    odd = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
    calls = [node for node in ast.walk(test) if isinstance(node, ast.Call)]
    return not any(isinstance(n, odd) for n in ast.walk(test)) and all(only(file.called(c), _QUESTIONS) for c in calls)


def _unread(test: ast.expr, file: File) -> list[ast.stmt]:
    """The assignment of an attribute that only the test read, and of a constant that only this one did."""
    found: list[ast.stmt] = []
    for node in ast.walk(test):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and mentions(node.attr, file) == 2:
            found += [
                a for value in file.index.attributes.get(ast.unparse(node), ()) if (a := _whole(value.value, file))
            ]
    for statement in list(found):
        value = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(value, ast.Name) and mentions(value.id, file) == 2:
            found += [s for s in file.module.body if _sets(s, value.id)]
    return found


def _whole(value: ast.expr, file: File) -> ast.stmt | None:
    """The assignment of one plain name or constant."""
    above = file.parent(value)
    plain = isinstance(value, (ast.Name, ast.Constant))
    return above if plain and isinstance(above, ast.Assign) and len(above.targets) == 1 else None


def _sets(statement: ast.stmt, name: str) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    is_constant = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
    return is_constant and [ast.unparse(t) for t in targets] == [name]
