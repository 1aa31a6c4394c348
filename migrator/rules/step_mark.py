"""Step marks: in lazy mode the device gathers a graph until `mark_step` tells it to run.

    loss.backward()                      loss.backward()
                                  ->     htcore.mark_step()
    optimizer.step()                     optimizer.step()
                                         htcore.mark_step()

The mark stands right after the backward pass and right after the optimizer's step, in the same block; once after an
if-else whose branches all end that way. None in eager or compile mode, none inside a compiled function, none twice.
Source: https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Optimization_in_PyTorch_Models.html
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from migrator.core.edit_imports import bound_as, ensure_import
from migrator.core.edit_statements import insert_after
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._marks import ends_backward, ends_optimizer_step, in_compiled_function, is_mark

CORE = "habana_frameworks.torch.core"
Ends = Callable[[ast.stmt, File], bool]


class StepMark(Rule):
    """mark_step after backward and after the optimizer's step, in lazy mode."""

    name = "step-mark"
    kind = Kind.MODIFIED
    reason = (
        "In lazy mode the device gathers operations until a step mark; a graph a phase keeps graphs small and cached."
    )
    source = "https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Optimization_in_PyTorch_Models.html"
    needles = (b".backward(", b".step(")
    nodes = (ast.Expr, ast.Assign)

    def applies(self, target: Target) -> bool:
        """Only lazy mode gathers a graph."""
        return target.lazy

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A statement that ends a backward pass or an optimizer step and is not marked yet."""
        if not isinstance(node, (ast.Expr, ast.Assign)):
            return
        for ends in (ends_backward, ends_optimizer_step):
            if ends(node, file) and not in_compiled_function(node, file):
                place = _place(node, file, ends)
                if not _marked(node, place, file):
                    core = bound_as(file, CORE) or "htcore"
                    edits = [insert_after(file, place, f"{core}.mark_step()")]
                    if core == "htcore":
                        edits += ensure_import(file, f"import {CORE} as htcore")
                    yield self.fix(edits)


def _ends_suite(suite: list[ast.stmt], file: File, ends: Ends) -> bool:
    """Whether a block ends with such a statement, also one inside a with-block or an if-else."""
    if not suite:
        return False
    last = suite[-1]
    if isinstance(last, (ast.With, ast.AsyncWith)):
        return _ends_suite(last.body, file, ends)
    if isinstance(last, ast.If):
        return _ends_suite(last.body, file, ends) and _ends_suite(last.orelse, file, ends)
    return ends(last, file)


def _place(node: ast.stmt, file: File, ends: Ends) -> ast.stmt:
    """The statement after which the mark goes: `node`, or the if-else whose branches all end like it."""
    best = current = node
    while current is file.suite(current)[-1]:
        above = file.parent(current)
        if isinstance(above, ast.If):
            if not _ends_suite([above], file, ends):
                break
            best = above
        elif not isinstance(above, (ast.With, ast.AsyncWith)):
            break
        current = above
    return best


def _marked(node: ast.stmt, place: ast.stmt, file: File) -> bool:
    """Whether a mark follows the statement, or anything around it up to where the mark would go."""
    current: ast.AST | None = node
    while isinstance(current, ast.stmt):
        suite = file.suite(current)
        following = suite[suite.index(current) + 1 :]
        if following and is_mark(following[0], file):
            return True
        if current is place:
            return False
        current = file.parent(current)
    return False
