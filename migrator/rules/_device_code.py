"""The code that computes on the device in every step of training: forward passes, loops that train, and what they call.

A method `forward` counts where its class has a base, the methods of a class with `__call__` whose name says that it
computes a loss or its targets, and what these call of their own class and file. What only evaluation or an export runs
does not: the other side of a test of `self.training`, files for an inference server.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from migrator.core.file import Context, File
from migrator.core.scopes import dotted
from migrator.rules._collation import definition
from migrator.rules._host_memory import Loop
from migrator.rules._steps_of_training import every_step, training_loops

_FUNCTION = frozenset({"torch.autograd.Function", "torch.autograd.function.Function"})
_SERVED = re.compile(r"(^|/)((triton|trtis|tensorrt|trt|onnx|inference|tests?)/|(export|test|onnx)(_\w*)?\.py$)")
_COMPUTES = re.compile(r"Loss|Criterion|Matcher|Assigner|Sampler")
_NOT_CALLED = re.compile(r"__(?!call__)\w+__$")
_EXPORTS = re.compile(r"(is_in_onnx_export|is_scripting|is_tracing|_get_tracing_state|is_exporting)$")
_OTHER_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True)
class DeviceNode:
    """A node that is worked out in every step, with the forward pass, the function or the loop around it."""

    node: ast.AST
    place: ast.FunctionDef | Loop


# Several rules ask, and classes are looked for in other files of the tree: once for each text, as long as it is in use.
_KNOWN: WeakKeyDictionary[ast.Module, tuple[Context, Sequence[DeviceNode]]] = WeakKeyDictionary()


def device_code(file: File) -> Sequence[DeviceNode]:
    """All nodes that training works out on the device, each once: those of forward passes, then those of loops."""
    known = _KNOWN.get(file.module)
    if known is None or known[0] is not file.context:
        known = _KNOWN[file.module] = file.context, tuple(_device_code(file))
    return known[1]


def once_a_statement(spots: Iterable[ast.AST], file: File) -> Iterator[ast.AST]:
    """Those whose statement had none before: one finding says enough of it."""
    told: set[ast.stmt] = set()
    for spot in spots:
        if (statement := file.statement(spot)) not in told:
            told.add(statement)
            yield spot


def _device_code(file: File) -> Iterator[DeviceNode]:
    if _SERVED.search(file.path):
        return
    seen: set[ast.AST] = set()
    for function in forward_passes(file):
        for node in _live(function.body):
            if node not in seen:
                seen.add(node)
                yield DeviceNode(node, function)
    for loop in training_loops(file) if b".backward" in file.source.text else ():
        for node in every_step(loop, file):
            if node not in seen:
                seen.add(node)
                yield DeviceNode(node, loop)


def forward_passes(file: File) -> list[ast.FunctionDef]:
    """The methods `forward` of modules, and the methods and functions of the file that they call."""
    found: dict[ast.FunctionDef, None] = {}
    waiting = [method for node in file.index.nodes if isinstance(node, ast.ClassDef) for method in _forward(node, file)]
    while waiting:
        function = waiting.pop()
        if function not in found:
            found[function] = None
            waiting += [called for node in _live(function.body) if (called := _called(node, function, file))]
    return sorted(found, key=lambda function: function.lineno)


def _forward(node: ast.ClassDef, file: File) -> list[ast.FunctionDef]:
    methods = [method for method in node.body if isinstance(method, ast.FunctionDef)]
    if _COMPUTES.search(node.name) and any(method.name == "__call__" for method in methods):
        return [method for method in methods if not _NOT_CALLED.match(method.name)]
    is_operator = any(file.names(base) & _FUNCTION for base in node.bases)
    return [] if is_operator or not node.bases else [method for method in methods if method.name == "forward"]


def _called(node: ast.AST, function: ast.FunctionDef, file: File) -> ast.FunctionDef | None:
    """The function of the file, or the method of the same class, that a call runs."""
    if not isinstance(node, ast.Call):
        return None
    owner, name = file.parent(function), dotted(node.func)
    if name.startswith("self.") and isinstance(owner, ast.ClassDef):
        methods = (m for m in owner.body if isinstance(m, ast.FunctionDef))
        return next((method for method in methods if name == f"self.{method.name}"), None)
    return definition(node.func, file)


def _live(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of a function in the order of its text, without what training never runs, and without other code."""
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _OTHER_CODE):
            continue
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, (ast.If, ast.IfExp)) and (side := _in_training(node.test)) is not None:
            kept = node.body if side else node.orelse
            children = list(kept) if isinstance(kept, list) else [kept]
        waiting += reversed(children)


def _in_training(test: ast.expr) -> bool | None:
    """What a test of `self.training` or of an export says in training; None for any other."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _in_training(test.operand)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return False if any(_in_training(value) is False for value in test.values) else None
    name = dotted(test.func if isinstance(test, ast.Call) else test)
    if name == "self.training":
        return True
    return False if name and _EXPORTS.search(name) else None
