"""Which branches of a training loop are taken at intervals, or at its end, and not in every step.

What is said here decides how often the host reads the device, never what is read: a branch that is taken more often
than its test looks costs time, not correctness.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from migrator.core.bindings import Assigned
from migrator.core.file import File
from migrator.rules._accumulation import steps
from migrator.rules._host_memory import Loop

_ENDS = (ast.Return, ast.Break, ast.Raise)
_DEEPEST = 4  # names that stand for other names


@dataclass(frozen=True)
class Intervals:
    """The branches of one training loop."""

    loop: Loop
    file: File

    def is_interval(self, branch: ast.If) -> bool:
        """Whether a body is not for every step: `if step % 100 == 0:`, but not where the optimizer takes its step."""
        return self._is_rare(branch.test, _DEEPEST) and not steps(branch.body, self.file)

    def innermost(self, node: ast.AST) -> ast.If | None:
        """The innermost branch of the loop around `node` that is not taken in every step."""
        below = node
        for above in self.file.ancestors(node):
            if above is self.loop:
                return None
            if isinstance(above, ast.If) and below in above.body and self.is_interval(above):
                return above
            below = above
        return None

    def _is_rare(self, test: ast.expr, depth: int) -> bool:
        if isinstance(test, ast.BoolOp):
            found = (self._is_rare(value, depth) for value in test.values)
            return all(found) if isinstance(test.op, ast.Or) else any(found)
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return _is_remainder(test.operand)
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
            sides = [test.left, test.comparators[0]]
            if any(_is_remainder(side) for side in sides) or any(map(self._counts, sides)):
                return True
        meant = self._meaning(test) if depth else None
        return ast.unparse(test) in self._ends or (meant is not None and self._is_rare(meant, depth - 1))

    def _counts(self, side: ast.expr) -> bool:
        """Whether one side of a comparison is the loop's own count, as in `step == len(loader) - 1`."""
        target = self.loop.target if isinstance(self.loop, ast.For) else None
        own = {n.id for n in ast.walk(target) if isinstance(n, ast.Name)} if target is not None else set()
        return any(isinstance(n, ast.Name) and n.id in own for n in ast.walk(side))

    def _meaning(self, test: ast.expr) -> ast.expr | None:
        """What a name such as `is_log_step` was assigned."""
        home = self.file.index.scope_of[test].find(test.id) if isinstance(test, ast.Name) else None
        bound = home.bindings[test.id] if home is not None and isinstance(test, ast.Name) else []
        one = bound[0] if len(bound) == 1 else None
        return one.value if isinstance(one, Assigned) and not one.path else None

    @cached_property
    def _ends(self) -> frozenset[str]:
        """The tests that end the loop where they hold, as text."""
        branches = (n for n in ast.walk(self.loop) if isinstance(n, ast.If) and isinstance(n.body[-1], _ENDS))
        return frozenset(ast.unparse(part) for branch in branches for part in _alternatives(branch.test))


def _is_remainder(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)


def _alternatives(test: ast.expr) -> Iterator[ast.expr]:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        for value in test.values:
            yield from _alternatives(value)
    else:
        yield test
