"""`model, optimizer = amp.initialize(model, optimizer, opt_level=...)` as bfloat16 autocast of the model's forward.

apex.amp hands the loss float32: at O1 the loss functions cast their inputs, at O2 the model's outputs are cast. So
the wrapped forward returns float32 as well, unless `cast_model_outputs` asks for bfloat16. Where it asks for float16
the loss gets float32: bfloat16 has three bits less, and a loss of 10 would come out in steps of 0.06. The wrapper is
bound as a method, so that a deep copy of the model (a moving average of it, say) runs its own parameters.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrator.core.bindings import Assigned
from migrator.core.edit_branches import only_asks
from migrator.core.edit_calls import operand
from migrator.core.edit_removal import remove_all
from migrator.core.edit_statements import replace_statement
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._apex_initialize_form import find_form
from migrator.rules._bf16_forward import define_forward, is_wrapping, wrapping
from migrator.rules._optimizer_arguments import Given, given
from migrator.rules._torch import only, spell

INITIALIZE = frozenset({"apex.amp.initialize", "apex.amp.frontend.initialize"})
_PARAMETERS = ("models", "optimizers", "enabled", "opt_level")
_LEVELS = frozenset({"O1", "O2", "O3"})
_LONG = frozenset({"torch.float", "torch.float32"})
_SHORT = frozenset({"torch.bfloat16"})
_HALF = frozenset({"torch.float16", "torch.half"})


@dataclass(frozen=True)
class _Site:
    """One call that can be rewritten: its statement and the lines that take its place."""

    statement: ast.stmt
    lines: tuple[str, ...]


def rewrite_all(file: File) -> list[Edit]:
    """The edits of all calls of the file that are of a known form, with the wrapper and imports they need."""
    torch, imports = spell(file, "torch")
    sites = [site for call in file.index.calls if (site := _site(call, torch, file)) is not None]
    edits = remove_all(file, [site.statement for site in sites if not site.lines])
    edits += [replace_statement(file, site.statement, site.lines) for site in sites if site.lines]
    wrapped = [site for site in sites if any(map(is_wrapping, site.lines))]
    if any(site.lines for site in sites):
        edits += imports
    if wrapped:
        edits += define_forward(file, wrapped[0].statement, torch)
    return edits


def _site(call: ast.Call, torch: str, file: File) -> _Site | None:
    if not only(file.called(call), INITIALIZE):
        return None
    passed, statement = given(call, _PARAMETERS, file), file.statement(call)
    models, optimizers = passed.values.get("models"), _or_none(passed.values.get("optimizers"))
    enabled = _enabled(passed, file)
    if not passed.is_known or passed.spread or models is None or enabled is None or _is_list_variable(models, file):
        return None
    if not _outputs(passed, file):
        return None
    form = find_form(statement, call, models, optimizers, file)
    if form is None:
        return None
    wrapped = [] if enabled == "False" else _wrapped(form.models, enabled, passed, torch, file)
    return _Site(statement, (*form.before, *wrapped, *form.after))


def _or_none(value: ast.expr | None) -> ast.expr | None:
    return None if isinstance(value, ast.Constant) and value.value is None else value


def _enabled(passed: Given, file: File) -> str | None:
    """The condition for mixed precision as text: "True", "False", an expression; None when it cannot be told."""
    level, switch = passed.values.get("opt_level"), passed.values.get("enabled")
    conditions: list[str] = []
    if isinstance(switch, ast.Constant) and not switch.value:
        return "False"
    if switch is not None and not isinstance(switch, ast.Constant):
        conditions.append(operand(file, switch) if level is not None else file.text(switch))
    if isinstance(level, ast.Constant):
        if level.value not in _LEVELS:
            return "False" if level.value == "O0" else None
    elif level is not None:
        conditions.append(f'{operand(file, level)} != "O0"')
    return " and ".join(conditions) or "True"


def _is_list_variable(models: ast.expr, file: File) -> bool:
    """Whether the models come as a variable that holds a list of them."""
    if not isinstance(models, ast.Name):
        return False
    scope = file.index.scope_of[models].find(models.id)
    bindings = scope.bindings[models.id] if scope else []
    lists = (ast.List, ast.Tuple, ast.ListComp)
    return any(isinstance(b, Assigned) and not b.path and isinstance(b.value, lists) for b in bindings)


def _wrapped(models: Sequence[str], enabled: str, passed: Given, torch: str, file: File) -> Iterator[str]:
    condition = "" if enabled == "True" else f", enabled={enabled}"
    for model in models:
        yield from _shortened(model, enabled, passed, torch, file)
        if _outputs(passed, file) in _SHORT:
            yield f'{model}.forward = {torch}.autocast("hpu", dtype={torch}.bfloat16{condition})({model}.forward)'
        else:
            yield wrapping(model) + ("" if enabled == "True" else f" if {enabled} else {model}.forward")


def _shortened(model: str, enabled: str, passed: Given, torch: str, file: File) -> Iterator[str]:
    """At O3 the weights become bfloat16 too, in place."""
    level = passed.values.get("opt_level")
    moved = f"{model} = {model}.to({torch}.bfloat16)"
    is_fixed = isinstance(level, ast.Constant)
    test = "" if is_fixed or level is None else f'{operand(file, level)} == "O3"'
    switch = enabled.removesuffix(f'{operand(file, level)} != "O0"') if level is not None else enabled
    if isinstance(level, ast.Constant) and level.value == "O3":
        yield moved if enabled == "True" else f"{moved} if {enabled} else {model}"
    elif level is not None and not is_fixed and only_asks(level, file):
        yield f"{moved} if {switch}{test} else {model}"


def _outputs(passed: Given, file: File) -> str:
    """The type that the model's outputs are cast to: "torch.float32" where nothing is said, "" where it is unknown."""
    asked = _or_none(passed.values.get("cast_model_outputs"))
    if asked is None:
        return "" if "cast_model_outputs" in passed.spread else "torch.float32"
    names = file.names(asked)
    if only(names, _HALF):
        return "torch.float32"
    return min(names) if only(names, _SHORT | _LONG) else ""
