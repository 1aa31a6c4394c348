"""Where the numbers that wait for a running value are read: in branches taken at intervals, and behind a loop."""

from __future__ import annotations

import ast

from migrator.rules._accumulation import steps
from migrator.rules._deferred_values import Running
from migrator.rules._hoisting import Loop, loops_around
from migrator.rules._intervals import Intervals


def branch_of(use: ast.AST, running: Running) -> ast.If | None:
    """The branch, taken at intervals, that uses the value: of the loop that adds to it, or that takes the steps."""
    for loop in (running.loop, _step_loop(running)):
        if _in_body(use, loop, running):
            branch = Intervals(loop, running.file).innermost(use)
            adds = branch is not None and any(added.statement in ast.walk(branch) for added in running.added)
            return None if adds else branch
    return None


def branches(running: Running, left: Loop | None) -> list[ast.If]:
    """The branches that use the value, but for those in another one, and outside the loop behind which it is read."""
    found = {branch for use in running.others if (branch := branch_of(use, running)) is not None}
    outer = [branch for branch in found if not any(_holds(other, branch) for other in found)]
    needed = [branch for branch in outer if left is None or _in_body(branch, left, running)]
    return sorted(needed, key=lambda branch: branch.lineno)


def left_loop(running: Running) -> Loop | None:
    """The innermost loop behind which the value may be used, other than at intervals, before more is added."""
    around = loops_around(running.added[0].statement, running.file)
    found: list[Loop] = []
    for use in running.others:
        outside = [loop for loop in around if not _in_body(use, loop, running)]
        is_later = bool(outside) and (outside[0] is not around[0] or use.lineno > (around[0].end_lineno or 0))
        if is_later and branch_of(use, running) is None:
            found.append(outside[0])
    return max(found, key=around.index, default=None)


def _step_loop(running: Running) -> ast.For | ast.While:
    """The innermost loop in which the optimizer takes its step: around the one that adds, where that accumulates."""
    around = [loop for loop in loops_around(running.loop, running.file) if isinstance(loop, (ast.For, ast.While))]
    return next((loop for loop in (running.loop, *reversed(around)) if steps(loop.body, running.file)), running.loop)


def _in_body(node: ast.AST, loop: Loop, running: Running) -> bool:
    above = {node, *running.file.ancestors(node)}
    return any(statement in above for statement in loop.body)


def _holds(branch: ast.If, node: ast.AST) -> bool:
    """Whether a node stands in the body of a branch."""
    return any(node in ast.walk(statement) for statement in branch.body)
