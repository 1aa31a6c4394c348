"""The loops that train, and what they do in every step: in their bodies, and in the functions of the file they call."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.file import File
from migrator.rules._collation import definition
from migrator.rules._host_memory import Loop, calls_backward
from migrator.rules._intervals import Intervals
from migrator.rules._tree_classes import built_class

_OTHER_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def training_loops(file: File) -> Iterator[Loop]:
    """The loops with a backward pass, also in functions that they call, and with no such loop in them."""
    for node in file.index.nodes:
        if isinstance(node, (ast.For, ast.While)):
            reached = list(_reached(node, file))
            inner = (n for n in reached if isinstance(n, (ast.For, ast.While)) and n is not node)
            is_training = any(isinstance(n, ast.Call) and _is_backward(n) for n in reached)
            if is_training and not any(calls_backward(loop) for loop in inner):
                yield node


def backward_calls(loop: Loop) -> Iterator[ast.Call]:
    """The calls of `backward` in the loop itself."""
    return (n for n in ast.walk(loop) if isinstance(n, ast.Call) and _is_backward(n))


def every_step(loop: Loop, file: File) -> Iterator[ast.AST]:
    """The nodes that are worked out in every step of the loop."""
    intervals = Intervals(loop, file)
    waiting: list[ast.AST] = list(reversed(loop.body))
    seen: set[ast.AST] = set()
    while waiting:
        node = waiting.pop()
        yield node
        children = list(ast.iter_child_nodes(node)) if not isinstance(node, _OTHER_CODE) else []
        if isinstance(node, ast.If) and intervals.is_interval(node):
            children = [node.test, *node.orelse]
        called = _function(node, file) if isinstance(node, ast.Call) else None
        if called is not None and called not in seen:
            seen.add(called)
            children += called.body
        waiting += reversed(children)


def _is_backward(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "backward"


def _reached(loop: Loop, file: File) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [loop]
    seen: set[ast.AST] = {loop}
    while waiting:
        for node in ast.walk(waiting.pop()):
            yield node
            function = _function(node, file) if isinstance(node, ast.Call) else None
            if function is not None and function not in seen:
                seen.add(function)
                waiting.append(function)


def _function(call: ast.Call, file: File) -> ast.FunctionDef | None:
    """The function of the file, or the method of an object of one of its classes, that a call runs."""
    if not isinstance(call.func, ast.Attribute) or file.called(call):
        return definition(call.func, file)
    for maker in sorted(file.makers(call.func.value), key=lambda made: made.lineno):
        built = built_class(maker, file)
        methods = built[1].body if built is not None and built[0] is file else []
        for method in methods:
            if isinstance(method, ast.FunctionDef) and method.name == call.func.attr:
                return method
    return None
