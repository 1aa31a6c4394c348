"""Fused optimizers: one kernel for all parameters instead of a few small ones for each.

    torch.optim.AdamW(params, lr=1e-4)
      ->  FusedAdamW(params, lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2)

Every argument is written out, because the defaults differ: FusedAdamW has eps 1e-6 and weight decay 0.0. Positional
arguments get their names, because FusedSGD orders weight_decay and dampening the other way round. Options that only
choose torch's own implementation (foreach, fused, capturable, differentiable) go; amsgrad and maximize have no
counterpart and leave the call alone, with a finding. Adam is not AdamW and stays.
Source: constructors in HabanaAI/gaudi-pytorch-bridge 1.19.0, hpex/optimizers; and
https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Custom_Ops_PyTorch.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from migrator.core.edit_arguments import Argument
from migrator.core.edit_calls import exchange_arguments, name_arguments
from migrator.core.edit_expressions import rename
from migrator.core.edit_imports import bound_as, ensure_import
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule

_MODULE = "habana_frameworks.torch.hpex.optimizers"
_IMPLEMENTATION = frozenset({"foreach", "fused", "capturable", "differentiable"})
_NO_COUNTERPART = frozenset({"amsgrad", "maximize"})


@dataclass(frozen=True)
class _Fused:
    name: str
    positional: tuple[str, ...]  # torch's own order after params
    defaults: Mapping[str, str]  # torch's own defaults, written out


_FUSED = {
    "torch.optim.AdamW": _Fused(
        "FusedAdamW",
        ("lr", "betas", "eps", "weight_decay", "amsgrad"),
        {"lr": "1e-3", "betas": "(0.9, 0.999)", "eps": "1e-8", "weight_decay": "1e-2"},
    ),
    "torch.optim.SGD": _Fused(
        "FusedSGD",
        ("lr", "momentum", "dampening", "weight_decay", "nesterov"),
        {"lr": "1e-3", "momentum": "0.0", "dampening": "0.0", "weight_decay": "0.0", "nesterov": "False"},
    ),
}


class FusedOptimizer(Rule):
    """torch's AdamW and SGD become Gaudi's fused ones."""

    name = "fused-optimizer"
    kind = Kind.MODIFIED
    reason = "One kernel updates all parameters. Arguments are written out because the defaults differ from torch's."
    source = "https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Custom_Ops_PyTorch.html"
    needles = (b"AdamW", b"SGD")
    nodes = (ast.Call,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A construction of an optimizer that has a fused form."""
        if not isinstance(node, ast.Call):
            return
        known = [_FUSED[name] for name in _plain(file.called(node)) if name in _FUSED]
        if not known:
            return
        fused = known[0]
        if (obstacle := _obstacle(node, fused)) is not None:
            advice = f"Keep the optimizer as it is, or build {fused.name} by hand without that argument."
            yield self.finding(file, node, f"{fused.name} has no counterpart of {obstacle}", advice)
        else:
            yield self.fix(_edits(node, fused, file))


def _plain(names: frozenset[str]) -> set[str]:
    """`torch.optim.adamw.AdamW` is `torch.optim.AdamW`."""
    return {f"torch.optim.{name.rpartition('.')[2]}" for name in names if name.startswith("torch.optim.")}


def _obstacle(call: ast.Call, fused: _Fused) -> str | None:
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        return "arguments passed by * or **"
    if len(call.args) > len(fused.positional) + 1:
        return "so many positional arguments"
    given = {
        **dict(zip(fused.positional, call.args[1:], strict=False)),
        **{k.arg or "": k.value for k in call.keywords},
    }
    for name in sorted(_NO_COUNTERPART & given.keys()):
        value = given[name]
        if not (isinstance(value, ast.Constant) and value.value is False):
            return name
    return None


def _edits(call: ast.Call, fused: _Fused, file: File) -> list[Edit]:
    local = bound_as(file, f"{_MODULE}.{fused.name}")
    named = dict(zip(fused.positional, call.args[1:], strict=False))
    unwanted: list[Argument] = [value for name, value in named.items() if name in _NO_COUNTERPART]
    unwanted += [k for k in call.keywords if k.arg in _IMPLEMENTATION | _NO_COUNTERPART]
    given = named.keys() | {k.arg for k in call.keywords}
    missing = [f"{name}={value}" for name, value in fused.defaults.items() if name not in given]
    exchanged = exchange_arguments(file, call, unwanted, ", ".join(missing))
    names = name_arguments(file, call, ("params", *fused.positional), after=1)
    kept_names = [e for e in names if not any(x.start <= e.start < x.end for x in exchanged)]
    edits = [rename(file, call.func, local or fused.name), *kept_names, *exchanged]
    if not local:
        edits += ensure_import(file, f"from {_MODULE} import {fused.name}")
    return edits
