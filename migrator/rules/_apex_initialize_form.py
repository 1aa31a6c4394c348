"""What a statement does with the result of `amp.initialize`, and the assignments that take its place."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from migrator.core.bindings import Assigned
from migrator.core.file import File

_PLACES = (ast.Name, ast.Attribute, ast.Subscript)
_SEQUENCES = (ast.Tuple, ast.List)


@dataclass(frozen=True)
class Form:
    """Where the models are, as text that can be assigned to; statements before and after something is done to them."""

    models: tuple[str, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def find_form(
    statement: ast.stmt, call: ast.Call, models: ast.expr, optimizers: ast.expr | None, file: File
) -> Form | None:
    """The form of the statement, or None when it is none of those that are known."""
    if getattr(statement, "value", None) is not call:
        return None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return _of_assignment(statement.targets[0], models, optimizers, file)
    own = _places(models, file)
    if isinstance(statement, ast.Expr) and own:
        return Form(own)
    if isinstance(statement, ast.Return) and own:
        return Form(own, after=(f"return {_result(models, optimizers, file)}",))
    return None


def _of_assignment(target: ast.expr, models: ast.expr, optimizers: ast.expr | None, file: File) -> Form | None:
    if optimizers is None:
        return _taken_over([(target, models)], file)
    if isinstance(target, _SEQUENCES):
        if len(target.elts) != 2:
            return None
        return _taken_over([(target.elts[0], models), (target.elts[1], optimizers)], file)
    own = _places(models, file)
    return Form(own, after=(f"{file.text(target)} = {_result(models, optimizers, file)}",)) if own else None


def _taken_over(pairs: Sequence[tuple[ast.expr, ast.expr]], file: File) -> Form | None:
    """Targets take over the arguments one by one; those that are the argument already need nothing."""
    flat = [pair for target, value in pairs for pair in _flattened(target, value)]
    differing = [(t, v) for t, v in flat if file.text(t) != file.text(v) and not _is_dummy(t)]
    target, models = pairs[0]
    is_one_name_of_many = isinstance(models, _SEQUENCES) and not isinstance(target, _SEQUENCES)
    places = _places(models if is_one_name_of_many or _is_dummy(target) else target, file)
    if not places:
        return None
    targets, values = (", ".join(file.text(pair[i]) for pair in differing) for i in (0, 1))
    return Form(places, (f"{targets} = {values}",) if differing else ())


def _flattened(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(target, _SEQUENCES) and isinstance(value, _SEQUENCES) and len(target.elts) == len(value.elts):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def _is_dummy(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "_"


def _places(node: ast.expr, file: File) -> tuple[str, ...]:
    """The models as names that can be assigned to; none when one of them is something else."""
    nodes = node.elts if isinstance(node, _SEQUENCES) else [node]
    return tuple(file.text(n) for n in nodes) if all(isinstance(n, _PLACES) for n in nodes) else ()


def _result(models: ast.expr, optimizers: ast.expr | None, file: File) -> str:
    """What initialize returns: the models alone when there is no optimizer, which may show only at run time."""
    model = file.text(models)
    if optimizers is None:
        return model
    both = f"{model}, {file.text(optimizers)}"
    if not isinstance(optimizers, ast.Name) or _is_made_here(optimizers, file):
        return both
    return f"{model} if {optimizers.id} is None else ({both})"


def _is_made_here(name: ast.Name, file: File) -> bool:
    """Whether a variable holds nothing but the results of calls, so that it is not None."""
    scope = file.index.scope_of[name].find(name.id)
    bindings = scope.bindings[name.id] if scope else []
    made = [isinstance(b, Assigned) and not b.path and isinstance(b.value, ast.Call) for b in bindings]
    return bool(made) and all(made)
