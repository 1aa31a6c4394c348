"""Clipping by the norm of all gradients, written out: where it is, and whether a tensor can be the norm as well."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from migrator.core.file import File
from migrator.rules._batch_parts import is_builtin
from migrator.rules._factor_products import Product, names, products

_INFINITE = frozenset({"math.isinf", "numpy.isinf", "math.inf", "numpy.inf", "torch.inf"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Clipping:
    """`norm = number`; `if unless: return`; `factor = division`; `if factor < 1: branch`."""

    norm: str
    number: ast.expr  # tensor.item() or float(tensor)
    tensor: ast.expr
    is_float: bool  # that the tensor is float32 is written
    unless: ast.If | None
    factor: str
    division: ast.Assign
    branch: ast.If
    products: tuple[Product, ...]


def clipping(branch: ast.If, file: File) -> Clipping | None:
    """Clipping that ends with this `if`, where a norm that stays on the device changes nothing else."""
    factor = _below_one(branch)
    suite = file.suite(branch)
    before = list(reversed(suite[: suite.index(branch)]))
    if factor is None or branch.orelse or not before:
        return None
    division, norm = before[0], _divided_by(before[0], factor)
    unless = before[1] if len(before) > 1 and isinstance(before[1], ast.If) else None
    at = 2 if unless else 1
    read = before[at] if len(before) > at else None
    number = _value(read, norm) if norm else None
    tensor = _read(number, file) if number is not None else None
    if norm is None or number is None or tensor is None or not isinstance(division, ast.Assign):
        return None
    if unless is not None and not (_asks_for_infinity(unless, norm, file) and _ends_function(branch, file)):
        return None
    own = [s for s in (read, unless, division) if s is not None]
    sources = _sources(norm, suite, own[0], tensor)
    found = products(branch.body, factor, file)
    if not sources or not found or not _only_there(norm, [*sources, *own], branch, file):
        return None
    if not _only_there(factor, [division, branch], branch, file):
        return None
    is_float = any(".float()" in file.text(s) for s in sources)
    return Clipping(norm, number, tensor, is_float, unless, factor, division, branch, found)


def _below_one(branch: ast.If) -> str | None:
    """The name in `name < 1`."""
    test = branch.test
    if not isinstance(test, ast.Compare) or not isinstance(test.left, ast.Name) or len(test.ops) != 1:
        return None
    bound = test.comparators[0]
    is_one = isinstance(bound, ast.Constant) and bound.value == 1 and not isinstance(bound.value, bool)
    return test.left.id if isinstance(test.ops[0], ast.Lt) and is_one else None


def _divided_by(statement: ast.stmt, factor: str) -> str | None:
    """The norm in `factor = anything / (norm + number)`."""
    value = _value(statement, factor)
    below = value.right if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div) else None
    if not isinstance(below, ast.BinOp) or not isinstance(below.op, ast.Add) or not isinstance(value, ast.BinOp):
        return None
    norm, eps = (below.left, below.right) if isinstance(below.left, ast.Name) else (below.right, below.left)
    is_number = isinstance(eps, ast.Constant) and isinstance(eps.value, float)
    return norm.id if isinstance(norm, ast.Name) and is_number and not names(value.left, norm.id) else None


def _value(statement: ast.stmt | None, name: str) -> ast.expr | None:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    return statement.value if isinstance(target, ast.Name) and target.id == name else None


def _read(value: ast.expr, file: File) -> ast.expr | None:
    """The tensor in `tensor.item()` or `float(tensor)`."""
    if not isinstance(value, ast.Call) or value.keywords:
        return None
    if isinstance(value.func, ast.Attribute) and value.func.attr == "item" and not value.args:
        tensor = value.func.value
        return None if any(name.startswith("numpy.") for name in file.origins(tensor)) else tensor
    if is_builtin(value.func, {"float"}, file) and len(value.args) == 1:
        tensor = value.args[0]
        return tensor if any(name.startswith("torch.") for name in file.origins(tensor)) else None
    return None


def _asks_for_infinity(unless: ast.If, norm: str, file: File) -> bool:
    """Whether a test is `norm == float("inf")` or the like, and only leaves the function without a value."""
    leaves = len(unless.body) == 1 and isinstance(unless.body[0], ast.Return) and unless.body[0].value is None
    test = unless.test
    if unless.orelse or not leaves:
        return False
    if isinstance(test, ast.Call):
        return bool(file.called(test) & _INFINITE) and [ast.unparse(a) for a in test.args] == [norm]
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    left, right = test.left, test.comparators[0]
    is_norm = isinstance(left, ast.Name) and left.id == norm
    return is_norm and (bool(file.names(right) & _INFINITE) or ast.unparse(right) in ("float('inf')", "float('Inf')"))


def _ends_function(branch: ast.If, file: File) -> bool:
    above = file.parent(branch)
    return isinstance(above, _FUNCTIONS) and above.body[-1] is branch


def _sources(norm: str, suite: Sequence[ast.stmt], read: ast.stmt, tensor: ast.expr) -> list[ast.stmt]:
    """The statements from the norm's first assignment to the one that reads it; none where it comes from before."""
    if not names(tensor, norm):
        return [read]
    stop = suite.index(read)
    first = next((at for at, s in enumerate(suite[:stop]) if _value(s, norm) is not None), None)
    if first is None or names(_value(suite[first], norm), norm):
        return []
    return list(suite[first : stop + 1])


def _only_there(name: str, statements: Sequence[ast.stmt], at: ast.stmt, file: File) -> bool:
    """Whether nothing else in the function, or in the module outside functions, says a name."""
    home = next((a for a in file.ancestors(at) if isinstance(a, (*_FUNCTIONS, ast.Module))), file.module)
    own = {node for statement in statements for node in ast.walk(statement)}
    if any(isinstance(node, (ast.Global, ast.Nonlocal)) and name in node.names for node in ast.walk(home)):
        return False
    return all(node in own for node in ast.walk(home) if isinstance(node, ast.Name) and node.id == name)
