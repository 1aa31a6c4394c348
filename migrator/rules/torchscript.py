"""TorchScript compiles nothing on Gaudi: functions that it only speeds up lose the decorator.

    @torch.jit.script               ->  (removed)
    def bias_gelu(x, bias): ...         def bias_gelu(x, bias): ...

The function in Python does the same. It keeps the decorator where the file asks it for what only a compiled function
has (`.graph`, `.save()`) or hands it to torch.jit; calls such as torch.jit.trace(model) and decorated classes are
listed by `gpu-leftovers`. `@torch.jit.unused`, `ignore` and `export` are marks that do nothing until something is
compiled, and the switches below torch._C are in every build: both stay, for exports on the CPU.
Source: docs.habana.ai PyTorch Support Matrix
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._removal import take_out_decorator
from migrator.rules._torch import only

_DECORATORS = frozenset({"torch.jit.script", "torch.jit.script_if_tracing"})


class Torchscript(Rule):
    """Decorators that compile a function go."""

    name = "torchscript"
    kind = Kind.MISMATCH
    reason = "TorchScript is not supported on Gaudi; the function in Python does the same."
    source = "docs.habana.ai PyTorch Support Matrix"
    needles = (b"jit",)
    nodes = (ast.FunctionDef,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A decorated function."""
        if not isinstance(node, ast.FunctionDef):
            return
        for decorator in node.decorator_list:
            if only(file.names(decorator), _DECORATORS) and not _is_asked_for_code(node, file):
                yield self.fix(take_out_decorator(file, decorator).edits)


def _is_asked_for_code(function: ast.FunctionDef, file: File) -> bool:
    """Whether a use of the function needs the compiled one: an attribute of it, or a call of torch.jit with it."""
    for use in file.uses(function.name):
        above = file.parent(use)
        if isinstance(above, ast.Attribute):
            return True
        if isinstance(above, ast.Call) and any(name.startswith("torch.jit.") for name in file.called(above)):
            return True
    return False
