"""Running values to which every step of a training loop adds what it reads from the device.

average_loss += loss.item()      losses.append(loss.item())      last_loss = loss.item()
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from migrator.core.file import File
from migrator.core.scopes import Scope
from migrator.rules._hoisting import loops_around
from migrator.rules._host_memory import Loop
from migrator.rules._host_values import HostRead, host_read

Form = ast.AugAssign | ast.Assign | ast.Expr


@dataclass(frozen=True)
class Added:
    """A statement that adds what it reads from the device to a running value."""

    statement: Form
    name: ast.Name
    read: HostRead


@dataclass(frozen=True)
class Running:
    """A running value: what adds to it in one training loop, and everything else that uses it."""

    file: File
    loop: Loop
    added: tuple[Added, ...]

    @property
    def name(self) -> str:
        """The variable's name."""
        return self.added[0].name.id

    @property
    def outermost(self) -> Loop:
        """The outermost loop of the function around the statements."""
        return next(n for n in loops_around(self.added[0].statement, self.file) if isinstance(n, (ast.For, ast.While)))

    @property
    def home(self) -> Scope | None:
        """The scope that binds the variable."""
        return self.file.index.scope_of[self.added[0].name].find(self.name)

    @cached_property
    def others(self) -> list[ast.Name]:
        """The uses of the variable that do not add what is read in every step."""
        own = {node for added in self.added for node in ast.walk(added.statement)}
        names = self.file.uses(self.name)
        return [n for n in names if n not in own and self.file.index.scope_of[n].find(self.name) is self.home]

    @property
    def is_list(self) -> bool:
        """Whether the values are appended to a list."""
        return isinstance(self.added[0].statement, ast.Expr)

    @property
    def keeps_last(self) -> bool:
        """Whether each value takes the place of the one before."""
        statement = self.added[0].statement
        reads = (n for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
        return isinstance(statement, ast.Assign) and not any(n.id == self.name for n in reads)


def running_values(loop: Loop, file: File) -> Iterator[Running]:
    """The running values of a training loop, each with all that adds to it."""
    found: dict[str, list[Added]] = {}
    for node in ast.walk(loop):
        added = _added(node, loop, file) if isinstance(node, (ast.AugAssign, ast.Assign, ast.Expr)) else None
        if added is not None and loops_around(node, file)[-1:] == [loop]:
            found.setdefault(added.name.id, []).append(added)
    for each in found.values():
        yield Running(file, loop, tuple(sorted(each, key=lambda added: added.statement.lineno)))


def _added(statement: Form, loop: Loop, file: File) -> Added | None:
    """The addition that a statement is: one read of a tensor, and beside it only what stays the same in the loop."""
    name, value = parts_of(statement)
    reads = [read for n in ast.walk(value) if (read := host_read(n, file))] if value is not None else []
    if name is None or value is None or len(reads) != 1 or not reads[0].is_of_tensor(loop, file):
        return None
    return Added(statement, name, reads[0])


def parts_of(statement: Form) -> tuple[ast.Name | None, ast.expr | None]:
    """The variable that a statement adds to, and the value that it adds."""
    value = statement.value
    if isinstance(statement, ast.AugAssign):
        return (statement.target if isinstance(statement.target, ast.Name) else None), value
    if isinstance(statement, ast.Assign):
        target = statement.targets[0] if len(statement.targets) == 1 else None
        return (target if isinstance(target, ast.Name) else None), value
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute) or value.func.attr != "append":
        return None, None
    holder = value.func.value
    plain = isinstance(holder, ast.Name) and len(value.args) == 1 and not value.keywords
    return (holder, value.args[0]) if plain and isinstance(holder, ast.Name) else (None, None)


def replayed(added: Added, file: File, value: str) -> str:
    """The statement, on one line, with the number that was read in the place of the read."""
    (start, end), (low, high) = (file.source.span(node) for node in (added.statement, added.read.node))
    text = file.source.text
    code = f"{text[start:low].decode()}{value}{text[high:end].decode()}"
    return ast.unparse(ast.parse(code)) if "\n" in code or "\r" in code else code
