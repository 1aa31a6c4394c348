"""torch.compile with Gaudi's backend.

    torch.compile(model, dynamic=True)                 ->  torch.compile(model, dynamic=True, backend="hpu_backend")
    torch.compile(model, backend="inductor", mode=m)   ->  torch.compile(model, backend="hpu_backend")
    @torch.compile                                     ->  @torch.compile(backend="hpu_backend")

`mode` and `options` are Inductor's, and go with it. The backends for finding errors (`eager`, `aot_eager`) stay. In
lazy mode, and in releases without torch.compile, a call is a finding; so is a backend that is not written out.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/GPU_Migration_Toolkit/GPU_Migration_Toolkit.html
(rejects Inductor) and docs.habana.ai PyTorch Theory of Operations (eager mode and torch.compile)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import add_argument, keyword
from migrator.core.edit_calls import remove_arguments
from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._aliases import is_alias

_COMPILE = frozenset({"torch.compile"})
_FOR_ERRORS = frozenset({"eager", "aot_eager", "hpu_backend", "aot_hpu_training_backend", "aot_hpu_inference_backend"})
_OF_INDUCTOR = ("mode", "options")


class CompileBackend(Rule):
    """Existing calls of torch.compile name Gaudi's backend."""

    name = "compile-backend"
    kind = Kind.MODIFIED
    reason = "Inductor makes code for GPUs; Gaudi's backend is the one that compiles for hpu."
    source = "https://docs.habana.ai/en/latest/PyTorch/Reference/PyTorch_Gaudi_Theory_of_Operations.html"
    needles = (b"compile",)
    nodes = (ast.Name, ast.Attribute)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A use of torch.compile: called, as a decorator, or handed on."""
        if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
            return
        if not file.names(node) & _COMPILE or is_alias(node, file):
            return
        target, call = file.context.target, _call(node, file)
        if (obstacle := _obstacle(target)) is not None:
            if call is None or not _is_for_errors(keyword(call, "backend")):
                yield self.finding(file, node, *obstacle)
            return
        edits = _edits(node, call, target.release.compile_backend, file)
        if edits is None:
            message = "torch.compile is handed on, or its backend is not written out"
            yield self.finding(file, node, message, f'Pass backend="{target.release.compile_backend}" on Gaudi.')
        else:
            yield self.fix(edits)


def _obstacle(target: Target) -> tuple[str, str] | None:
    """Why this target cannot compile, and what to do."""
    if not target.release.compile_backend:
        return f"release {target.release.name} has no torch.compile", "Take it out, or port for release 1.12 or newer."
    if target.lazy:
        return "torch.compile does not exist in lazy mode", "Apply with --mode compile, or take it out."
    return None


def _call(node: ast.expr, file: File) -> ast.Call | None:
    above = file.parent(node)
    return above if isinstance(above, ast.Call) and above.func is node else None


def _edits(node: ast.expr, call: ast.Call | None, backend: str, file: File) -> list[Edit] | None:
    """What makes the use name the backend; nothing where it does, None where it cannot be told."""
    if call is None:
        return [replace(file, node, f'{file.text(node)}(backend="{backend}")')] if _is_decorator(node, file) else None
    given = keyword(call, "backend")
    if given is None and any(each.arg is None for each in call.keywords):
        return None
    if given is not None and not isinstance(given.value, ast.Constant):
        return None
    if _is_for_errors(given):
        return []
    unwanted = [each for name in _OF_INDUCTOR if (each := keyword(call, name)) is not None]
    edits = list(remove_arguments(file, call, unwanted)) if unwanted else []
    if given is not None:
        return [*edits, replace(file, given.value, f'"{backend}"')]
    return [*edits, add_argument(file, call, f'backend="{backend}"')]


def _is_decorator(node: ast.expr, file: File) -> bool:
    return node in getattr(file.parent(node), "decorator_list", ())


def _is_for_errors(given: ast.keyword | None) -> bool:
    return given is not None and isinstance(given.value, ast.Constant) and given.value.value in _FOR_ERRORS
