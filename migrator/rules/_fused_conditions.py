"""What has to hold around the construction of an optimizer before a fused one can take its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import arguments
from migrator.core.edit_calls import remove_arguments
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.core.scopes import dotted
from migrator.rules._gaudi_optimizers import Fused
from migrator.rules._short_parameters import models, short_casts


def obstacle(call: ast.Call, fused: Fused, file: File) -> str:
    """What the file does with the optimizer or its parameters that the fused one does not allow, or ""."""
    if fused.since > file.target.release.version:
        return f"bias_correction, as far as is known of release {file.target.release.name}"
    if _is_asked_for(call.func, file):
        return "its class, which isinstance asks for"
    if fused.wide and _has_short_parameters(call, file):
        return "float32 moments of 16-bit parameters"
    if fused.bare_zero_grad:
        return _odd_uses(call, file)
    return ""


def bare_zero_grads(call: ast.Call, file: File) -> list[Edit]:
    """`optimizer.zero_grad(set_to_none=True)` -> `optimizer.zero_grad()` for the optimizer that `call` makes."""
    return [edit for use in _calls_on(call, "zero_grad", file) for edit in remove_arguments(file, use, arguments(use))]


def _odd_uses(call: ast.Call, file: File) -> str:
    for use in _calls_on(call, "zero_grad", file):
        if not all(isinstance(a, ast.Constant) and a.value is True for a in _values(use)):
            return "zero_grad() that keeps gradients"
    if any(not isinstance(file.parent(use), ast.Expr) for use in _calls_on(call, "step", file)):
        return "what step() returns"
    return "parameters that move to the device later" if _moves_later(call, file) else ""


def _values(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(k.value for k in call.keywords)]


def _calls_on(construction: ast.Call, method: str, file: File) -> Iterator[ast.Call]:
    """The calls of a method of the optimizer that `construction` makes, as far as the file shows it."""
    above = file.parent(construction)
    targets = {dotted(t) for t in above.targets} if isinstance(above, ast.Assign) else set()
    for call in file.index.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr == method:
            makers = file.makers(call.func.value)
            if construction in makers or (not makers and dotted(call.func.value) in targets - {""}):
                yield call


def _is_asked_for(name: ast.expr, file: File) -> bool:
    """Whether isinstance or issubclass names the class; no fused one is a kind of it."""
    asks = (c for c in file.index.calls if isinstance(c.func, ast.Name) and c.func.id in ("isinstance", "issubclass"))
    return any(file.names(part) & file.names(name) for ask in asks for a in ask.args[1:] for part in ast.walk(a))


def _has_short_parameters(construction: ast.Call, file: File) -> bool:
    """Whether a model is cast to a 16-bit type before its training is over."""
    return any(not _is_over(construction, cast, file) for cast in short_casts(file))


def _is_over(construction: ast.Call, cast: ast.Call, file: File) -> bool:
    """Whether the optimizer's last step is taken before `cast`, all in one function and no loop around both."""
    around = {above for above in file.ancestors(cast) if isinstance(above, (ast.For, ast.AsyncFor, ast.While))}
    steps = list(_calls_on(construction, "step", file))
    return bool(steps) and all(
        step.lineno < cast.lineno
        and _function(step, file) is _function(cast, file)
        and around.isdisjoint(file.ancestors(step))
        for step in steps
    )


def _moves_later(construction: ast.Call, file: File) -> bool:
    """Whether a model of the same function goes to a device after the optimizer, which asks for its place, is made."""
    known, scope = models(file), _function(construction, file)
    moves = (c for c in file.index.calls if isinstance(c.func, ast.Attribute) and c.func.attr in ("to", "cuda"))
    later = (m for m in moves if isinstance(m.func, ast.Attribute) and dotted(m.func.value) in known)
    return any(m.lineno > construction.lineno and _function(m, file) is scope for m in later)


def _function(node: ast.AST, file: File) -> ast.AST:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)
    return next(above for above in file.ancestors(node) if isinstance(above, kinds))
