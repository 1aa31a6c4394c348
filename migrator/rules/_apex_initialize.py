"""`model, optimizer = amp.initialize(model, optimizer, opt_level=...)` as bfloat16 autocast of the model's forward.

apex.amp hands the loss float32: at O1 the loss functions cast their inputs, at O2 the model's outputs are cast. So
the wrapped forward returns float32 as well, unless `cast_model_outputs` asks for another type. It is bound as a method,
so that a deep copy of the model (a moving average of it, say) runs its own parameters.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migrator.core.bindings import Assigned
from migrator.core.edit_calls import operand
from migrator.core.edit_imports import ensure_import
from migrator.core.edit_removal import remove_all
from migrator.core.edit_statements import replace_statement, start_of
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._apex_initialize_form import find_form
from migrator.rules._optimizer_arguments import Given, given
from migrator.rules._torch import only, spell

INITIALIZE = frozenset({"apex.amp.initialize", "apex.amp.frontend.initialize"})
WRAPPER = "bf16_forward"
_PARAMETERS = ("models", "optimizers", "enabled", "opt_level")
_LEVELS = frozenset({"O1", "O2", "O3"})
_WRAPPER = '''\
def bf16_forward(self, *args, **kwargs):
    """Run the module's forward under bfloat16 autocast; return its bfloat16 outputs as float32, for the loss."""
    with {torch}.autocast("hpu", dtype={torch}.bfloat16):
        outputs = type(self).forward(self, *args, **kwargs)
    return tree_map(lambda x: x.float() if {torch}.is_tensor(x) and x.dtype == {torch}.bfloat16 else x, outputs)
'''


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
    wrapping = [site for site in sites if any(f"({WRAPPER}," in line for line in site.lines)]
    if any(site.lines for site in sites):
        edits += imports
    if wrapping and WRAPPER not in file.index.scopes[file.module].bindings:
        edits.append(_define(file, wrapping[0].statement, _WRAPPER.format(torch=torch)))
        edits += ensure_import(file, "from torch.utils._pytree import tree_map")
        edits += ensure_import(file, "from types import MethodType")
    return edits


def _define(file: File, statement: ast.stmt, text: str) -> Edit:
    """Put a function before the module's statement that holds `statement`, and before the comment that leads it."""
    top = next(s for s in file.module.body if s is statement or s in file.ancestors(statement))
    at = file.source.line_start(start_of(file, top))
    while at and file.source.text[(above := file.source.line_start(at - 1)) : at].startswith(b"#"):
        at = above
    newline = file.source.newline(at).decode()
    return Edit(at, at, textwrap.dedent(text + "\n\n").replace("\n", newline).encode())


def _site(call: ast.Call, torch: str, file: File) -> _Site | None:
    if not only(file.called(call), INITIALIZE):
        return None
    passed, statement = given(call, _PARAMETERS, file), file.statement(call)
    models, optimizers = passed.values.get("models"), _or_none(passed.values.get("optimizers"))
    enabled = _enabled(passed, file)
    if not passed.is_known or passed.spread or models is None or enabled is None or _is_list_variable(models, file):
        return None
    form = find_form(statement, call, models, optimizers, file)
    if form is None:
        return None
    wrapped = [] if enabled == "False" else _wrapped(form.models, enabled, passed, torch)
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


def _wrapped(models: Sequence[str], enabled: str, passed: Given, torch: str) -> Iterator[str]:
    level = passed.values.get("opt_level")
    for model in models:
        if isinstance(level, ast.Constant) and level.value == "O3":
            yield f"{model} = {model}.to({torch}.bfloat16)"
        if passed.has("cast_model_outputs"):
            condition = "" if enabled == "True" else f", enabled={enabled}"
            context = f'{torch}.autocast("hpu", dtype={torch}.bfloat16{condition})'
            yield f"{model}.forward = {context}({model}.forward)"
        else:
            condition = "" if enabled == "True" else f" if {enabled} else {model}.forward"
            yield f"{model}.forward = MethodType({WRAPPER}, {model}){condition}"
