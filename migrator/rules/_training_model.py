"""The model that a file trains, and the statement that moves it to the device."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.core.file import File
from migrator.core.scopes import dotted
from migrator.rules._collation import definition
from migrator.rules._device_target import is_device, target_of
from migrator.rules._host_memory import Loop
from migrator.rules._models import builders

_PARAMETERS = frozenset({"parameters", "named_parameters"})


@dataclass(frozen=True)
class TrainingModel:
    """A model by the name that it has where it is moved, the calls that build it, and the statement that moves it."""

    name: str
    built: tuple[ast.Call, ...]
    moved: ast.stmt


def training_models(file: File) -> list[TrainingModel]:
    """The models whose parameters are trained and that a training loop calls, with each statement that moves one.

    What a function moves behind its last training loop is for something else, such as an evaluation.
    """
    loops = [(loop, within) for loop in _loops(file) if _goes_back(within := _reached(loop, file))]
    called = {built for _, within in loops for func in _called(within) for built in builders(func, file)}
    trained = {built for value in _trained(file) for built in builders(value, file)}
    found: list[TrainingModel] = []
    for statement, value in _moves(file):
        built = builders(value, file)
        is_late = _is_behind(statement, [loop for loop, _ in loops], file)
        if not is_late and any(call in called and call in trained for call in built):
            found.append(TrainingModel(dotted(value), tuple(built), statement))
    return found


def _loops(file: File) -> list[Loop]:
    return [node for node in file.index.nodes if isinstance(node, (ast.For, ast.While))]


def _reached(loop: Loop, file: File) -> list[ast.AST]:
    """The nodes of a loop, and of the functions of the file that it calls."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = [loop]
    seen: set[ast.AST] = {loop}
    while waiting:
        for node in ast.walk(waiting.pop()):
            found.append(node)
            function = definition(node.func, file) if isinstance(node, ast.Call) else None
            if function is not None and function not in seen:
                seen.add(function)
                waiting.append(function)
    return found


def _goes_back(nodes: list[ast.AST]) -> bool:
    """Whether there is a backward pass among the nodes."""
    calls = (node.func for node in nodes if isinstance(node, ast.Call))
    return any(isinstance(func, ast.Attribute) and func.attr == "backward" for func in calls)


def _called(nodes: list[ast.AST]) -> set[ast.expr]:
    return {node.func for node in nodes if isinstance(node, ast.Call) and dotted(node.func)}


def _is_behind(statement: ast.stmt, loops: list[Loop], file: File) -> bool:
    """Whether a statement stands behind the training loops of its function, and in no loop with them."""
    place = _function(statement, file)
    own = [loop for loop in loops if _function(loop, file) is place]
    return bool(own) and all(statement.lineno > (loop.end_lineno or 0) for loop in own)


def _function(node: ast.AST, file: File) -> ast.AST | None:
    return next((a for a in file.ancestors(node) if isinstance(a, (ast.FunctionDef, ast.AsyncFunctionDef))), None)


def _trained(file: File) -> Iterator[ast.expr]:
    """The values whose parameters something takes."""
    for call in file.index.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in _PARAMETERS and not file.called(call):
            yield call.func.value


def _moves(file: File) -> Iterator[tuple[ast.stmt, ast.expr]]:
    """The statements that move a variable's value to the device, and that variable."""
    for node in file.index.nodes:
        value = node.value if isinstance(node, (ast.Expr, ast.Assign)) else None
        if not isinstance(node, ast.stmt) or not isinstance(value, ast.Call) or not is_move(value, file):
            continue
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and dotted(node.targets[0]):
            yield node, node.targets[0]
        elif isinstance(node, ast.Expr) and isinstance(value.func, ast.Attribute) and dotted(value.func.value):
            yield node, value.func.value


def is_move(call: ast.Call, file: File) -> bool:
    """Whether a call is `model.to(device)`, `Net().to("hpu")` or `model.cuda()`."""
    if not isinstance(call.func, ast.Attribute):
        return False
    target = target_of(call)
    to = call.func.attr == "to" and target is not None and is_device(target, file)
    return to or (call.func.attr == "cuda" and not file.called(call))
