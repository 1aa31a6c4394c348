"""Fused optimizers: one kernel for all parameters instead of a few small ones for each.

    torch.optim.AdamW(params, lr=1e-4)
      ->  FusedAdamW(params, lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2)
    FusedLAMB(params, lr=6e-3)              apex's, or that of lamb.py, which an earlier stage put beside the script
      ->  FusedLamb(params, lr=6e-3, bias_correction=True, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01, ...)
    fused_adam.FusedAdam(params, bias_correction=False)
      ->  FusedAdamW(params, bias_correction=False, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)

Every argument is written out, because the defaults differ, and gets its name, because their order does. Imports that
this leaves without a use go. What has no counterpart leaves the call alone, with a finding: amsgrad, maximize,
dampening, FusedLamb with adam_w_mode=False, FusedAdam with bias correction (its eps stands elsewhere) or clipping, and
16-bit parameters, whose moments lamb.py and fused_adam.py keep in float32. Adam is not AdamW and stays.

Clipping stays as it is: FusedLamb divides by the global norm over max_grad_norm like apex and lamb.py, and where
lamb.py takes 0 for none, FusedLamb gets None. Its zero_grad() takes no argument, and its step() returns nothing.

What differs: FusedAdamW adds eps to the root before the bias correction, so that in the first steps eps weighs
1 / sqrt(1 - beta2^t) times what it does in torch's AdamW. FusedLamb leaves a weight that is all zero where it is, if it
has weight decay; apex's moves it. Otherwise the same step is rounded in another order. Checkpoints of lamb.py and
fused_adam.py load; FusedAdamW counts steps from 1 again after one of torch's AdamW. Findings say so.
Source: constructors in HabanaAI/gaudi-pytorch-bridge 1.18.0 and 1.19.0, hpex/optimizers, and hpu_ops/backend there; and
https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Custom_Ops_PyTorch.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import keyword
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._fused_arguments import construction_edits, is_constant, unlike_argument
from migrator.rules._fused_conditions import bare_zero_grads, obstacle
from migrator.rules._gaudi_optimizers import MODULE, Fused, classes, own_modules
from migrator.rules._torch import only
from migrator.rules._unread_imports import without_unread

_LAMB, _ADAMW = f"{MODULE}.FusedLamb", f"{MODULE}.FusedAdamW"


class FusedOptimizer(Rule):
    """Gaudi's fused optimizers take the place of torch's AdamW and SGD, of FusedLAMB and of FusedAdam."""

    name = "fused-optimizer"
    kind = Kind.MODIFIED
    reason = "One kernel updates all parameters. Arguments are written out because the defaults differ."
    source = "https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Custom_Ops_PyTorch.html"
    needles = (b"AdamW", b"SGD", b"FusedLAMB", b"FusedLamb", b"FusedAdam")
    nodes = (ast.Module,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """The constructions of optimizers that have a fused form, and the imports that they no longer need."""
        known = classes(file)
        for call in file.index.calls:
            names = file.called(call)
            if only(names, frozenset(known)):
                yield self._construction(call, known[min(names)], file)
            elif only(names, frozenset({_LAMB, _ADAMW})):
                yield from self._remarks(call, file)
        yield self.fix(self._imports(known, file))

    def _construction(self, call: ast.Call, fused: Fused, file: File) -> Fix | Finding:
        against = unlike_argument(call, fused) or obstacle(call, fused, file)
        if against:
            advice = f"Keep the optimizer as it is, or build {fused.name} by hand without that."
            return self.finding(file, call, f"{fused.name} has no counterpart of {against}", advice)
        uses = bare_zero_grads(call, file) if fused.bare_zero_grad else []
        return self.fix([*construction_edits(call, fused, file), *uses])

    def _imports(self, known: dict[str, Fused], file: File) -> list[Edit]:
        """Remove imports without a use where Gaudi's optimizers are in use."""
        made = frozenset(f"{MODULE}.{fused.name}" for fused in known.values())
        if not any(only(file.called(call), made) for call in file.index.calls):
            return []
        return without_unread(file, known.keys() | own_modules(file))

    def _remarks(self, call: ast.Call, file: File) -> Iterator[Finding]:
        if _LAMB in file.called(call):
            if not (is_constant(_value(call, "weight_decay"), 0) and is_constant(_value(call, "use_lamb"), False)):
                yield self.finding(
                    file,
                    call,
                    "FusedLamb leaves a weight that is all zero at zero where it has weight decay",
                    "Look whether the model starts with such weights besides biases; give them no weight decay.",
                )
        elif not is_constant(_value(call, "bias_correction"), False) and _is_resumed(call, file):
            yield self.finding(
                file,
                call,
                "after a checkpoint of torch's AdamW, FusedAdamW counts steps from 1 again: its count is in the groups",
                "After loading one, set group['step'] to the step in the state of the group's parameters.",
            )


def _value(call: ast.Call, name: str) -> ast.expr | None:
    found = keyword(call, name)
    return found.value if found else None


def _is_resumed(call: ast.Call, file: File) -> bool:
    loads = (c.func for c in file.index.calls if isinstance(c.func, ast.Attribute) and c.func.attr == "load_state_dict")
    return any(call in file.makers(load.value) for load in loads)
