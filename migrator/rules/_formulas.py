"""What an expression of torch computes, as a polynomial, with the assignments before it put in."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from migrator.core.bindings import Assigned
from migrator.core.file import File
from migrator.core.scopes import dotted
from migrator.rules._polynomials import Polynomial, added, atom, constant, divided, frozen, multiplied, number, power
from migrator.rules._straight import ENTRY, Straight, Version

_PI = frozenset({"math.pi", "numpy.pi", "torch.pi"})
_ROOTS = frozenset({"math.sqrt", "numpy.sqrt", "torch.sqrt"})
_TWO: dict[str, Callable[[Polynomial, Polynomial], Polynomial | None]] = {
    "add": added,
    "sub": lambda p, q: added(p, q, -1.0),
    "mul": multiplied,
    "multiply": multiplied,
    "div": divided,
    "divide": divided,
}
_OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
_MODULES = ("torch.", "torch.special.", "torch.nn.functional.")


@dataclass
class Formula:
    """Evaluates expressions of one statement. `leaf` is not looked into; `used` gathers the assignments put in."""

    file: File
    straight: Straight | None  # None in a lambda or a comprehension, where only the expression itself counts
    leaf: Version | None = None
    used: set[int] = field(default_factory=set)

    def of(self, node: ast.expr, at: int) -> Polynomial | None:
        """The polynomial of an expression in the statement at a place of the block; None for anything unknown."""
        if isinstance(node, ast.Constant):
            is_number = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
            return number(node.value) if is_number and isinstance(node.value, (int, float)) else None
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inner = self.of(node.operand, at)
            return added({}, inner, -1.0) if inner is not None else None
        if isinstance(node, ast.BinOp):
            return self._operation(node, at)
        if isinstance(node, ast.Name):
            return self._name(node, at)
        if isinstance(node, ast.Attribute):
            return number(math.pi) if self.file.names(node) & _PI else atom("leaf", d) if (d := dotted(node)) else None
        return self._call(node, at) if isinstance(node, ast.Call) else None

    def _operation(self, node: ast.BinOp, at: int) -> Polynomial | None:
        left, right = self.of(node.left, at), self.of(node.right, at)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Pow):
            exponent = constant(right)
            return power(left, exponent) if exponent is not None else None
        name = _OPERATORS.get(type(node.op))
        return _TWO[name](left, right) if name else None

    def _name(self, node: ast.Name, at: int) -> Polynomial | None:
        if self.straight is None or self.file.index.scope_of[node].find(node.id) is not self.straight.scope:
            return self._global(node)
        version = self.straight.version(node.id, at)
        value = self.straight.value(version)
        if value is not None and version != self.leaf:
            before = set(self.used)
            inner = self.of(value, version.place)
            if inner is not None:
                self.used.add(version.place)
                return inner
            self.used = before
        return atom("leaf", node.id, version.place)

    def _global(self, node: ast.Name) -> Polynomial | None:
        """A constant of the module, or a name of somewhere else."""
        home = self.file.index.scope_of[node].find(node.id)
        bindings = home.bindings[node.id] if home and home.parent is None else []
        if len(bindings) == 1 and isinstance(bindings[0], Assigned) and not bindings[0].path:
            value = Formula(self.file, None).of(bindings[0].value, 0)
            if value is not None and constant(value) is not None:
                return value
        return atom("leaf", node.id, ENTRY)

    def _call(self, node: ast.Call, at: int) -> Polynomial | None:
        names = self.file.called(node)
        if names:
            method = {n.rpartition(".")[2] for n in names if n.startswith(_MODULES) or n in _ROOTS}
            if len(names) != 1 or len(method) != 1 or not node.args:
                return None
            return self._function(method.pop(), node.args[0], node.args[1:], node, at)
        if isinstance(node.func, ast.Attribute):
            return self._function(node.func.attr, node.func.value, node.args, node, at)
        return None

    def _function(self, name: str, x: ast.expr, rest: list[ast.expr], call: ast.Call, at: int) -> Polynomial | None:
        inner = self.of(x, at)
        if inner is None or any(isinstance(a, ast.Starred) for a in rest) or any(k.arg is None for k in call.keywords):
            return None
        if name in ("mean", "var", "std"):
            return _reduced(name, inner, rest, call)
        if call.keywords or len(rest) > 1:
            return None
        return _of_two(name, inner, self.of(rest[0], at)) if rest else _of_one(name, inner)


def _of_one(name: str, p: Polynomial) -> Polynomial | None:
    if name in ("sqrt", "rsqrt"):
        return power(p, 0.5 if name == "sqrt" else -0.5)
    if name == "square":
        return power(p, 2)
    return atom(name, frozen(p)) if name in ("erf", "tanh") else None


def _of_two(name: str, p: Polynomial, q: Polynomial | None) -> Polynomial | None:
    if q is None or (name != "pow" and name not in _TWO):
        return None
    if name == "pow":
        exponent = constant(q)
        return power(p, exponent) if exponent is not None else None
    return _TWO[name](p, q)


def _reduced(name: str, p: Polynomial, rest: list[ast.expr], call: ast.Call) -> Polynomial | None:
    """A mean, variance or deviation, with the dimension it goes over: "last", or its text."""
    given = {k.arg or "": k.value for k in call.keywords}
    order = ("dim", "keepdim") if name == "mean" else ("dim", "unbiased", "keepdim")
    given |= dict(zip(order, rest, strict=False))
    keep = given.pop("keepdim", None)
    if len(rest) > len(order) or "dim" not in given or not (isinstance(keep, ast.Constant) and keep.value is True):
        return None
    over = ast.unparse(given.pop("dim"))
    over = "last" if over in ("-1", "(-1,)", "[-1]") else over
    if name == "mean":
        return atom("mean", over, frozen(p)) if not given else None
    is_population = _is(given.pop("unbiased", None), False) or _is(given.pop("correction", None), 0)
    if given:
        return None
    distance = power(added(p, atom("mean", over, frozen(p)), -1.0), 2)
    if distance is None:
        return None
    variance = atom("mean" if is_population else "sample mean", over, frozen(distance))
    return power(variance, 0.5) if name == "std" else variance


def _is(node: ast.expr | None, wanted: bool | int) -> bool:
    return isinstance(node, ast.Constant) and node.value == wanted and type(node.value) is type(wanted)
