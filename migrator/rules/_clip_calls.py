"""Calls of clip_grad_norm_ that Gaudi's FusedClipNorm can take over, and where one can be built for them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.core.bindings import Assigned
from migrator.core.edit_arguments import keyword
from migrator.core.file import File
from migrator.rules._hoisting import Loop, guards, is_plain, is_settled, loops_around
from migrator.rules._marks import in_compiled_function
from migrator.rules._short_parameters import short_casts

NAMES = frozenset({"torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad.clip_grad_norm_"})
EACH_TURN = "each turn of a loop clips by a norm of its own"
_ASK = frozenset({"parameters", "named_parameters", "children", "modules"})
_WRAPPERS = frozenset({"filter", "list", "tuple", "iter"})
_CHAIN = frozenset({"itertools.chain"})


@dataclass(frozen=True)
class Clip:
    """A call, what it clips, and the loop before which the norm can be built, if `guard` holds."""

    call: ast.Call
    parameters: ast.expr
    max_norm: ast.expr
    loop: Loop
    guard: str


def clips(file: File) -> Iterator[Clip | tuple[ast.Call, str]]:
    """The calls of the file, or those that have to stay with the reason for it."""
    for call in file.index.calls:
        if file.called(call) and file.called(call) <= NAMES:
            values = _values(call)
            against = _obstacle(call, values, file)
            yield (call, against) if against else _placed(call, *_both(values), file)


def _values(call: ast.Call) -> dict[str, ast.expr]:
    order = ("parameters", "max_norm", "norm_type", "error_if_nonfinite", "foreach")
    return {**dict(zip(order, call.args, strict=False)), **{k.arg or "": k.value for k in call.keywords}}


def _both(values: dict[str, ast.expr]) -> tuple[ast.expr, ast.expr]:
    return values["parameters"], values["max_norm"]


def _obstacle(call: ast.Call, values: dict[str, ast.expr], file: File) -> str:
    if not values.keys() >= {"parameters", "max_norm"} or "" in values or any(map(_is_starred, call.args)):
        return "its arguments cannot be told"
    if not isinstance(file.parent(call), ast.Expr):
        return "what it returns is used"
    if "norm_type" in values and not _is_two(values["norm_type"]):
        return "the norm is not the 2-norm"
    strict = keyword(call, "error_if_nonfinite")
    if strict and not (isinstance(strict.value, ast.Constant) and strict.value.value is False):
        return "it asks for an error where the norm is not finite"
    if in_compiled_function(file.statement(call), file):
        return "it is in a compiled function"
    return ""


def _is_starred(node: ast.expr) -> bool:
    return isinstance(node, ast.Starred)


def _is_two(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 2


def _placed(call: ast.Call, parameters: ast.expr, max_norm: ast.expr, file: File) -> Clip | tuple[ast.Call, str]:
    """Before the outermost loop that changes nothing of the arguments."""
    around = loops_around(call, file)
    if not around:
        return call, "no loop is around it here, so that it cannot be told where to build one FusedClipNorm"
    if not is_plain(max_norm):
        return call, "the largest norm is worked out anew each time"
    if not _can_repeat(parameters, file):
        each = isinstance(parameters, ast.Name) and any(_turns(parameters, a) for a in around)
        return call, EACH_TURN if each else "it cannot be told whether its parameters can be asked for twice"
    loop = next((a for a in around if is_settled(parameters, a, file) and is_settled(max_norm, a, file)), None)
    if loop is None:
        return call, "the parameters or the largest norm change in the loop"
    if any(cast.lineno < (loop.end_lineno or loop.lineno) for cast in short_casts(file)):
        return call, "a model has 16-bit parameters, and FusedClipNorm computes in their type"
    return _guarded(Clip(call, parameters, max_norm, loop, ""), file)


def _turns(name: ast.Name, loop: Loop) -> bool:
    """Whether a loop gives a name another value in each turn."""
    targets = ast.walk(loop.target) if isinstance(loop, (ast.For, ast.AsyncFor)) else ()
    return any(isinstance(node, ast.Name) and node.id == name.id for node in targets)


def _guarded(clip: Clip, file: File) -> Clip | tuple[ast.Call, str]:
    """With the tests that tell whether there is a norm, where it is no number in the text."""
    if isinstance(clip.max_norm, ast.Constant):
        return clip
    norm, reached = ast.unparse(clip.max_norm), list(guards(clip.call, clip.loop, file))
    tests = {part for _, test, _ in reached for part in ast.walk(test) if isinstance(part, ast.expr)}
    if any(norm in text for text, _, is_constant in reached if not is_constant):
        return clip.call, "a test in the loop that changes asks about the largest norm"
    for node in ast.walk(clip.loop):
        asks = isinstance(node, (ast.If, ast.IfExp)) and norm in ast.unparse(node.test)
        if isinstance(node, (ast.If, ast.IfExp)) and asks and tests.isdisjoint(ast.walk(node.test)):
            return clip.call, "another test in the loop asks about the largest norm"
    guard = " and ".join(text for text, _, is_constant in reversed(reached) if is_constant)
    return Clip(clip.call, clip.parameters, clip.max_norm, clip.loop, guard)


def _can_repeat(node: ast.expr, file: File) -> bool:
    """Whether an expression gives the same parameters each time, and asking changes nothing."""
    if isinstance(node, ast.Name):
        home = file.index.scope_of[node].find(node.id)
        bindings = home.bindings[node.id] if home else []
        return bool(bindings) and all(isinstance(b, Assigned) and not b.path and _is_list(b.value) for b in bindings)
    if isinstance(node, ast.Call):
        return _only_looks(node, file)
    return isinstance(node, (ast.GeneratorExp, ast.ListComp)) and _only_looks(node, file)


def _is_list(node: ast.expr) -> bool:
    made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "tuple")
    return made or isinstance(node, (ast.ListComp, ast.List))


def _only_looks(node: ast.expr, file: File) -> bool:
    """Whether all calls in an expression ask a module for its parameters, or wrap such an answer."""
    for part in ast.walk(node):
        if isinstance(part, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)):
            return False
        if isinstance(part, ast.Call):
            asks = isinstance(part.func, ast.Attribute) and part.func.attr in _ASK and not file.called(part)
            wraps = isinstance(part.func, ast.Name) and part.func.id in _WRAPPERS
            if not (asks or wraps or file.called(part) & _CHAIN):
                return False
    return True
