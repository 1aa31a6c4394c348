"""Which expressions are known to be tensors of the device."""

from __future__ import annotations

import ast
from collections.abc import Callable

from migrator.core.bindings import Assigned, Binding, Parameter
from migrator.core.edit_arguments import keyword
from migrator.core.file import File
from migrator.rules._collation import definition
from migrator.rules._tensor_names import (
    ATTRIBUTES,
    MAKING,
    NO_TENSORS,
    NOT_OF_TENSORS,
    ON_HOST,
    ONLY_OF_TENSORS,
)

DEEPEST = 8  # assignments and operators that are followed
IDENTITY = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
Test = Callable[[ast.expr, File, int], bool]


def is_tensor(node: ast.expr, file: File, depth: int = DEEPEST) -> bool:
    """Whether an expression is a tensor for certain, and not one that is made on the host."""
    if not depth:
        return False
    if isinstance(node, ast.Call):
        return _call(node, file, depth)
    if isinstance(node, ast.Name):
        return all_bound(node, file, is_tensor, depth) or is_tensor_parameter(node, file)
    if isinstance(node, ast.Attribute):
        return node.attr in ATTRIBUTES and is_tensor(node.value, file, depth - 1)
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], IDENTITY):
        return False
    return any(is_tensor(part, file, depth - 1) for part in _parts(node))


def is_of_numpy(node: ast.expr, file: File) -> bool:
    """Whether a value comes from NumPy or pandas on some path."""
    inner = (part for part in ast.walk(node) if isinstance(part, (ast.Name, ast.Call)))
    return any(name.startswith(("numpy.", "pandas.")) for part in inner for name in file.origins(part))


def is_tensor_parameter(name: ast.Name, file: File) -> bool:
    """Whether a parameter is a tensor: it says so, or its function uses it as only a tensor can be used."""
    parameter = next((b for b in bindings(name, file) if isinstance(b, Parameter)), None)
    function = parameter.function if parameter is not None else None
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    notes = [a.annotation for a in arguments if a.arg == name.id and a.annotation is not None]
    if notes:
        return any(file.names(note) & {"torch.Tensor", "torch.LongTensor", "torch.FloatTensor"} for note in notes)
    uses = (file.parent(use) for use in file.uses(name.id, function))
    return any(isinstance(use, ast.Attribute) and use.attr in ONLY_OF_TENSORS for use in uses)


def _call(call: ast.Call, file: File, depth: int) -> bool:
    names = file.called(call)
    if names:
        on_host = bool(names & MAKING) and keyword(call, "device") is None
        return not on_host and all(_gives_tensor(name) for name in names)
    function = definition(call.func, file)
    if function is not None:
        returned = [n.value for n in ast.walk(function) if isinstance(n, ast.Return)]
        return bool(returned) and all(v is not None and is_tensor(v, file, depth - 1) for v in returned)
    if any(name.startswith("torch.nn.") and name != "torch.nn.ModuleList" for name in file.origins(call.func)):
        return True
    if not isinstance(call.func, ast.Attribute) or call.func.attr in ON_HOST:
        return False
    return call.func.attr in ONLY_OF_TENSORS or is_tensor(call.func.value, file, depth - 1)


def _gives_tensor(name: str) -> bool:
    last = name.rpartition(".")[2]
    is_class = last[:1].isupper() and not last.endswith("Tensor") and last != "Parameter"
    is_torch = name.startswith("torch.") and not name.startswith(NO_TENSORS)
    return is_torch and not is_class and last not in NOT_OF_TENSORS


def _parts(node: ast.expr) -> list[ast.expr]:
    """The expressions any of which, by being a tensor, makes `node` one."""
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.UnaryOp):
        return [] if isinstance(node.op, ast.Not) else [node.operand]
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    return [node.value] if isinstance(node, ast.Subscript) else []


def bindings(name: ast.Name, file: File) -> list[Binding]:
    """What binds a name where it is used."""
    scope = file.index.scope_of.get(name)
    home = scope.find(name.id) if scope is not None else None
    return home.bindings[name.id] if home is not None else []


def all_bound(name: ast.Name, file: File, test: Test, depth: int) -> bool:
    """Whether all that a name is assigned, but for values made of itself, passes a test."""
    bound = bindings(name, file)
    if not all(isinstance(b, Assigned) for b in bound):
        return False
    values = [_at(b.value, b.path) for b in bound if isinstance(b, Assigned)]
    others = [v for v in values if not any(isinstance(n, ast.Name) and n.id == name.id for n in ast.walk(v))]
    return bool(others) and all(test(value, file, depth - 1) for value in others)


def _at(value: ast.expr, path: tuple[int, ...]) -> ast.expr:
    """The element of a tuple that is written out, else the whole value."""
    for place in path:
        if not isinstance(value, (ast.Tuple, ast.List)) or not 0 <= place < len(value.elts):
            return value
        value = value.elts[place]
    return value
