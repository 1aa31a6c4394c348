"""apex's fused optimizers -> those of torch.optim, and modules beside the script for what torch has not.

    FusedAdam(params, lr=1e-4)                        ->  torch.optim.AdamW(params, lr=1e-4, weight_decay=0.0)
    FusedAdam(params, adam_w_mode=False)              ->  torch.optim.Adam(params)
    FusedAdam(params, bias_correction=False)          ->  fused_adam.FusedAdam(params, bias_correction=False)
    FusedSGD(params, lr=0.1, wd_after_momentum=False) ->  torch.optim.SGD(params, lr=0.1)
    FusedAdagrad(params)                              ->  torch.optim.Adagrad(params)
    from apex.optimizers import FusedLAMB             ->  from lamb import FusedLAMB

A default of apex that is not torch's is written out, and arguments that choose an implementation go. `lamb` and
`fused_adam` are plain PyTorch with apex's arguments (patches/shared/); the layer offers them (docs/recipes.md, Modules)
and puts them beside the file. Where it does not, or another module has the name, the call stays with a finding, and so
does what neither torch nor they have (`wd_after_momentum=True`). FusedNovoGrad has no counterpart.
Source: the constructors in https://github.com/NVIDIA/apex/tree/master/apex/optimizers and
https://docs.pytorch.org/docs/2.13/optim.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import Argument
from migrator.core.edit_calls import exchange_arguments, name_arguments
from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._added_module import beside
from migrator.rules._apex_fused import ADAM, ADAMW, CLASSES, OLD_ADAM, OLD_ONLY, OWN_ADAM, Fused
from migrator.rules._apex_lamb import rewrite_lamb
from migrator.rules._optimizer_arguments import Given, given
from migrator.rules._torch import only, spell

_NAMES = frozenset(CLASSES)
_ADVICE = "Build an optimizer that does the same by hand; habana_frameworks.torch.hpex.optimizers has more."
_LAMB_ADVICE = "Put patches/shared/lamb.py where this file can import it, and import FusedLAMB from there."


class ApexOptimizers(Rule):
    """torch's optimizers, or plain ones beside the script, take the place of apex's."""

    name = "apex-optimizers"
    kind = Kind.MODIFIED
    reason = "apex's optimizer is a CUDA kernel; this one takes the same step. Defaults that differ are written out."
    source = "https://docs.pytorch.org/docs/2.13/optim.html"
    needles = (b"apex",)
    nodes = (ast.Module, ast.Name, ast.Attribute)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A construction of an optimizer, or a class in isinstance; all of FusedLAMB at once."""
        if isinstance(node, ast.Module):
            for found in rewrite_lamb(file):
                if isinstance(found, list):
                    yield self.fix(found)
                else:
                    yield self.finding(file, found[0], f"no LAMB can be put beside it: {found[1]}", _LAMB_ADVICE)
        elif isinstance(node, (ast.Name, ast.Attribute)) and only(file.names(node), _NAMES):
            fused, above = CLASSES[min(file.names(node))], file.parent(node)
            if isinstance(above, ast.Call) and above.func is node:
                yield from self._construction(above, fused, file)
            elif isinstance(above, ast.Call) and _is_isinstance(above):
                spelled, imports, missing = _spelled(node, _made_here(fused, file), file)
                if not missing:
                    yield self.fix([replace(file, node, spelled), *imports])

    def _construction(self, call: ast.Call, fused: Fused, file: File) -> Iterator[Fix | Finding]:
        fused, arguments, obstacle = _chosen(call, fused, file)
        spelled, imports, missing = _spelled(call.func, fused, file)
        if obstacle or missing:
            why = f"it cannot become {fused.new} because of {obstacle}" if obstacle else missing
            yield self.finding(file, call, why, _ADVICE)
        else:
            yield self.fix([replace(file, call.func, spelled), *imports, *_arguments(call, fused, arguments, file)])


def _chosen(call: ast.Call, fused: Fused, file: File) -> tuple[Fused, Given, str]:
    """What a construction becomes, its arguments by name, and what stands in the way."""
    if fused is ADAMW and OLD_ONLY & {k.arg for k in call.keywords}:
        fused = OLD_ADAM
    arguments = given(call, fused.positional, file)
    mode = arguments.values.get("adam_w_mode")
    if fused is ADAMW and isinstance(mode, ast.Constant) and not mode.value:
        fused = ADAM
    obstacle = _obstacle(arguments, fused)
    if obstacle and fused in (ADAM, ADAMW) and beside(file, OWN_ADAM.module) is not None:
        fused, obstacle = OWN_ADAM, _obstacle(arguments, OWN_ADAM)
    return fused, arguments, obstacle


def _made_here(fused: Fused, file: File) -> Fused:
    """What objects of the class are in this file: torch's, unless a construction becomes the module's."""
    if fused is not ADAMW:
        return fused
    known = [(call, CLASSES[min(names)]) for call in file.index.calls if only(names := file.called(call), _NAMES)]
    return next((new for call, old in known if (new := _chosen(call, old, file)[0]).module), fused)


def _is_isinstance(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in ("isinstance", "issubclass")


def _obstacle(arguments: Given, fused: Fused) -> str:
    """What stands in the way of the new optimizer, or ""."""
    if fused is OWN_ADAM:
        return "" if _is(arguments.values.get("amsgrad"), False) else "amsgrad"
    if not arguments.is_known:
        return "arguments passed by * or **"
    for name in sorted(arguments.spread & (fused.required.keys() | fused.implementation)):
        return f"{name} in a dictionary"
    for name, wanted in fused.required.items():
        if not _is(arguments.values.get(name), wanted):
            return name
    mode = arguments.values.get("adam_w_mode")
    undecided = mode is not None and not isinstance(mode, ast.Constant)
    return "a mode that is decided at run time" if undecided else ""


def _is(value: ast.expr | None, wanted: bool | float) -> bool:
    """Whether an argument is left out or is exactly this constant."""
    same_kind = isinstance(value, ast.Constant) and isinstance(value.value, bool) == isinstance(wanted, bool)
    return value is None or (isinstance(value, ast.Constant) and same_kind and value.value == wanted)


def _spelled(node: ast.expr, fused: Fused, file: File) -> tuple[str, list[Edit], str]:
    """The new name at `node`, the imports that it takes, and why there is none."""
    if not fused.module:
        return *spell(file, fused.new), ""
    module = beside(file, fused.module)
    spelled = module.name_at(file, node, fused.new) if module else None
    if spelled is not None:
        return *spelled, ""
    why = module.obstacle or f"{module.name} is something else in this file" if module else "this layer offers none"
    return "", [], f"no {fused.new} can be put beside it: {why}"


def _arguments(call: ast.Call, fused: Fused, arguments: Given, file: File) -> list[Edit]:
    unknown = (fused.required.keys() | fused.implementation) if fused is not OWN_ADAM else frozenset[str]()
    values = [value for name, value in arguments.values.items() if name in unknown]
    unwanted: list[Argument] = [a for a in call.args if a in values]
    unwanted += [k for k in call.keywords if k.value in values]
    names = name_arguments(file, call, fused.positional, after=fused.shared)
    missing = [f"{name}={value}" for name, value in _defaults(fused, arguments) if not arguments.has(name)]
    exchanged = exchange_arguments(file, call, unwanted, ", ".join(missing))
    kept_names = [e for e in names if not any(x.start <= e.start < x.end for x in exchanged)]
    return [*kept_names, *exchanged]


def _defaults(fused: Fused, arguments: Given) -> Iterator[tuple[str, str]]:
    """What is written out; without bias correction there is nothing to say about where it goes."""
    corrects = not isinstance(value := arguments.values.get("bias_correction"), ast.Constant) or bool(value.value)
    yield from fused.defaults.items() if fused is not OLD_ADAM or corrects else ()
