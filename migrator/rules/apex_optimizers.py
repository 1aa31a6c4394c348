"""apex's fused optimizers -> those of torch.optim.

    FusedAdam(params, lr=1e-4)                        ->  torch.optim.AdamW(params, lr=1e-4, weight_decay=0.0)
    FusedAdam(params, adam_w_mode=False)              ->  torch.optim.Adam(params)
    FusedSGD(params, lr=0.1, wd_after_momentum=False) ->  torch.optim.SGD(params, lr=0.1)
    FusedAdagrad(params)                              ->  torch.optim.Adagrad(params)

A default of apex that is not torch's is written out, and arguments that choose an implementation go. What changes
the arithmetic and torch does not have (`bias_correction=False`, `wd_after_momentum=True`) leaves the call alone, with
a finding. FusedLAMB and FusedNovoGrad have no counterpart in torch.
Source: the constructors in https://github.com/NVIDIA/apex/tree/master/apex/optimizers and
https://docs.pytorch.org/docs/2.13/optim.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from migrator.core.edit_arguments import Argument
from migrator.core.edit_calls import exchange_arguments, name_arguments
from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._optimizer_arguments import Given, given
from migrator.rules._torch import only, spell


@dataclass(frozen=True)
class _Fused:
    """One optimizer of apex. All names are of its parameters."""

    new: str
    positional: tuple[str, ...]
    shared: int  # so many of them torch has at the same positions
    required: Mapping[str, bool]  # values without which torch's optimizer does something else
    implementation: frozenset[str]  # arguments that say how, not what
    defaults: Mapping[str, str] = field(default_factory=dict)  # where torch's own differ


_ADAM = _Fused(
    "torch.optim.Adam",
    ("params", "lr", "bias_correction", "betas", "eps", "adam_w_mode", "weight_decay", "amsgrad", "set_grad_none"),
    2,
    {"bias_correction": True, "amsgrad": False},
    frozenset({"adam_w_mode", "set_grad_none", "capturable", "master_weights"}),
)
_SGD = _Fused(
    "torch.optim.SGD",
    (
        *("params", "lr", "momentum", "dampening", "weight_decay", "nesterov"),
        *("wd_after_momentum", "materialize_master_grads", "set_grad_none"),
    ),
    6,
    {"wd_after_momentum": False},
    frozenset({"materialize_master_grads", "set_grad_none"}),
)
_ADAGRAD = _Fused(
    "torch.optim.Adagrad",
    ("params", "lr", "eps", "weight_decay", "set_grad_none", "adagrad_w_mode"),
    2,
    {"adagrad_w_mode": False},
    frozenset({"set_grad_none"}),
)
_CLASSES = {
    f"apex.optimizers.{module}{name}": fused
    for name, module_name, fused in (
        ("FusedAdam", "fused_adam.", _ADAM),
        ("FusedSGD", "fused_sgd.", _SGD),
        ("FusedAdagrad", "fused_adagrad.", _ADAGRAD),
    )
    for module in ("", module_name)
}


class ApexOptimizers(Rule):
    """torch's optimizers take the place of apex's."""

    name = "apex-optimizers"
    kind = Kind.MODIFIED
    reason = "apex's optimizer is a CUDA kernel; torch's takes the same step. Defaults that differ are written out."
    source = "https://docs.pytorch.org/docs/2.13/optim.html"
    needles = (b"apex",)
    nodes = (ast.Name, ast.Attribute)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A construction of an optimizer, or a class in isinstance."""
        if not isinstance(node, (ast.Name, ast.Attribute)) or not only(file.names(node), frozenset(_CLASSES)):
            return
        fused, above = _CLASSES[min(file.names(node))], file.parent(node)
        if isinstance(above, ast.Call) and above.func is node:
            yield from self._construction(above, fused, file)
        elif isinstance(above, ast.Call) and _is_isinstance(above):
            spelled, imports = spell(file, "torch.optim.AdamW" if fused is _ADAM else fused.new)
            yield self.fix([replace(file, node, spelled), *imports])

    def _construction(self, call: ast.Call, fused: _Fused, file: File) -> Iterator[Fix | Finding]:
        arguments = given(call, fused.positional, file)
        if obstacle := _obstacle(arguments, fused):
            advice = "Build an optimizer that does the same by hand; habana_frameworks.torch.hpex.optimizers has more."
            new = _with_mode(fused, arguments).new
            yield self.finding(file, call, f"it cannot become {new} because of {obstacle}", advice)
            return
        yield self.fix(_edits(call, _with_mode(fused, arguments), arguments, file))


def _is_isinstance(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in ("isinstance", "issubclass")


def _obstacle(arguments: Given, fused: _Fused) -> str:
    """What stands in the way of torch's optimizer, or ""."""
    if not arguments.is_known:
        return "arguments passed by * or **"
    for name in sorted(arguments.spread & (fused.required.keys() | fused.implementation)):
        return f"{name} in a dictionary"
    for name, wanted in fused.required.items():
        if name in arguments.values and not _is(arguments.values[name], wanted):
            return name
    mode = arguments.values.get("adam_w_mode")
    undecided = mode is not None and not isinstance(mode, ast.Constant)
    return "a mode that is decided at run time" if undecided else ""


def _is(value: ast.expr, wanted: bool) -> bool:
    return isinstance(value, ast.Constant) and value.value is wanted


def _with_mode(fused: _Fused, arguments: Given) -> _Fused:
    """Adam or AdamW, whose default of the weight decay is 0.01 where apex has 0."""
    mode = arguments.values.get("adam_w_mode")
    if fused is not _ADAM or (isinstance(mode, ast.Constant) and not mode.value):
        return fused
    defaults = {"weight_decay": "0.0"}
    return _Fused("torch.optim.AdamW", fused.positional, fused.shared, fused.required, fused.implementation, defaults)


def _edits(call: ast.Call, fused: _Fused, arguments: Given, file: File) -> list[Edit]:
    spelled, imports = spell(file, fused.new)
    unknown = fused.required.keys() | fused.implementation
    values = [value for name, value in arguments.values.items() if name in unknown]
    unwanted: list[Argument] = [a for a in call.args if a in values]
    unwanted += [k for k in call.keywords if k.value in values]
    names = name_arguments(file, call, fused.positional, after=fused.shared)
    missing = [f"{name}={value}" for name, value in fused.defaults.items() if not arguments.has(name)]
    exchanged = exchange_arguments(file, call, unwanted, ", ".join(missing))
    kept_names = [e for e in names if not any(x.start <= e.start < x.end for x in exchanged)]
    return [replace(file, call.func, spelled), *imports, *kept_names, *exchanged]
