"""Loops that add up the gradients of several micro-batches before the optimizer's step."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.core.file import File
from migrator.core.scopes import dotted
from migrator.rules._collation import definition
from migrator.rules._ddp import may_be_ddp
from migrator.rules._marks import ends_optimizer_step, is_mark

Loop = ast.For | ast.While
_PLAIN = (
    *(ast.Name, ast.Attribute, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context),
)


@dataclass(frozen=True)
class Accumulation:
    """A loop whose optimizer steps under a test of the step count, and the parts of its body."""

    loop: Loop
    step: ast.If
    forwards: tuple[ast.Call, ...]  # calls of a model that may be wrapped by DDP, in the body's order
    first: int  # the place in the body of the statement with the first of them
    last: int  # that of the statement that ends the backward pass, its step mark included

    @property
    def micro_batch(self) -> list[ast.stmt]:
        """The forward and the backward pass."""
        return self.loop.body[self.first : self.last + 1]

    @property
    def rest(self) -> list[ast.stmt]:
        """What else every micro-batch does, but for the step."""
        own = set(self.micro_batch)
        return [statement for statement in self.loop.body if statement not in own and statement is not self.step]

    @property
    def until_step(self) -> list[ast.stmt]:
        """From the forward pass to the test."""
        return self.loop.body[self.first : self.loop.body.index(self.step)]


def accumulating_step(loop: Loop, file: File) -> ast.If | None:
    """The one statement of the loop's body that takes the optimizer's step every so many micro-batches."""
    found = [s for s in loop.body if isinstance(s, ast.If) and _counts(s.test) and steps(s.body, file)]
    return found[0] if len(found) == 1 else None


def accumulation(loop: Loop, step: ast.If, file: File) -> Accumulation | None:
    """The parts of a loop that calls the model and goes back before the step, in the block of the step itself."""
    before = loop.body[: loop.body.index(step)]
    backward = [place for place, statement in enumerate(before) if _calls_backward(statement)]
    forwards = [(place, call) for place, s in enumerate(before) for call in _forwards(s, file)]
    if not backward or not forwards or forwards[0][0] > backward[0] or forwards[-1][0] > backward[-1]:
        return None
    marked = is_mark(loop.body[backward[-1] + 1], file)
    return Accumulation(loop, step, tuple(c for _, c in forwards), forwards[0][0], backward[-1] + marked)


def _counts(test: ast.expr) -> bool:
    """Whether a test asks for the remainder of a count."""
    return any(
        isinstance(n, ast.Compare) and isinstance(n.left, ast.BinOp) and isinstance(n.left.op, ast.Mod)
        for n in ast.walk(test)
    )


def steps(body: list[ast.stmt], file: File) -> bool:
    """Whether statements take an optimizer's step, also in a function of the file."""
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, (ast.Expr, ast.Assign)) and ends_optimizer_step(node, file):
            return True
        if isinstance(node, ast.Call) and (function := definition(node.func, file)) is not None:
            inside = (n for n in ast.walk(function) if isinstance(n, (ast.Expr, ast.Assign)))
            if any(ends_optimizer_step(n, file) for n in inside):
                return True
    return False


def _calls_backward(statement: ast.stmt) -> bool:
    calls = (n for n in ast.walk(statement) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute))
    return any(isinstance(call.func, ast.Attribute) and call.func.attr == "backward" for call in calls)


def _forwards(statement: ast.stmt, file: File) -> Iterator[ast.Call]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and dotted(node.func) and may_be_ddp(node.func, file):
            yield node


def is_plain(test: ast.expr, file: File) -> bool:
    """Whether working a test out has no effect and reads nothing but variables: it may be asked earlier as well."""
    sizes = [n for n in ast.walk(test) if isinstance(n, ast.Call) and _is_size(n, file)]
    parts = {part for call in sizes for part in (call, call.func)}
    return all(isinstance(node, _PLAIN) or node in parts for node in ast.walk(test))


def _is_size(call: ast.Call, file: File) -> bool:
    plain = isinstance(call.func, ast.Name) and call.func.id == "len" and len(call.args) == 1 and not call.keywords
    return plain and file.index.scope_of[call.func].find("len") is None


def changed_names(test: ast.expr, statements: list[ast.stmt]) -> list[str]:
    """The variables of a test that the statements assign to."""
    read = {dotted(n) for n in ast.walk(test) if isinstance(n, (ast.Name, ast.Attribute))}
    nodes = (n for statement in statements for n in ast.walk(statement))
    stored = {dotted(n) for n in nodes if isinstance(getattr(n, "ctx", None), (ast.Store, ast.Del))}
    return sorted(name for name in read if name and any(_is_of(name, each) for each in stored))


def _is_of(name: str, stored: str) -> bool:
    return bool(stored) and (name == stored or name.startswith(f"{stored}."))
