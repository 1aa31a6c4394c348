"""Advice: an optimizer of the repository's own that updates one parameter after the other. Changes nothing.

    class Adam(torch.optim.Optimizer):
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data.add_(...)                  a few small kernels for each parameter

What its formula is and whether a fused optimizer computes the same (where eps stands, what is clipped, how the rate is
scheduled) is for a person to compare. Said once a class, of the loop over the parameters.
Source: https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Custom_Ops_PyTorch.html;
Model-References 1.6 to 1.9, changelogs (numbers that change in each step and graphs that are compiled anew)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._torch import only

_OPTIMIZERS = frozenset({"torch.optim.Optimizer", "torch.optim.optimizer.Optimizer"})
_MESSAGE = "an optimizer of its own updates parameters one by one, by small kernels"
_ADVICE = (
    "Compare it with FusedAdamW, FusedLamb, FusedSGD and FusedAdagrad of habana_frameworks.torch.hpex.optimizers: "
    "one kernel updates all parameters. Else use torch._foreach functions on lists, and keep numbers that change in "
    "each step in tensors: as Python's own they may mean another graph."
)


class OwnOptimizer(Rule):
    """Advice about optimizers that are written in the repository, once a class."""

    name = "own-optimizer"
    kind = Kind.MODIFIED
    reason = "One kernel updates all parameters."
    source = "https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Custom_Ops_PyTorch.html"
    needles = (b"Optimizer",)
    nodes = (ast.ClassDef,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A class that is an optimizer of torch's kind."""
        if isinstance(node, ast.ClassDef) and any(only(file.names(base), _OPTIMIZERS) for base in node.bases):
            steps = [s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == "step"]
            for loop in [found for step in steps for found in ast.walk(step) if _updates_each(found)][:1]:
                yield self.finding(file, loop, _MESSAGE, _ADVICE)


def _updates_each(node: ast.AST) -> bool:
    """Whether a loop goes over `group["params"]` and changes tensors in place."""
    if not isinstance(node, ast.For):
        return False
    keys = {part.value for part in ast.walk(node.iter) if isinstance(part, ast.Constant)}
    calls = [part for statement in node.body for part in ast.walk(statement) if isinstance(part, ast.Call)]
    return "params" in keys and any(_is_in_place(call) for call in calls)


def _is_in_place(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return name.endswith("_") and not name.startswith("_")
