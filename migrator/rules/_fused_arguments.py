"""The arguments of an optimizer's construction, checked and written out for Gaudi's fused one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.edit_arguments import Argument, argument_slots
from migrator.core.edit_calls import exchange_arguments, name_arguments, operand
from migrator.core.edit_expressions import rename, replace
from migrator.core.edit_imports import bound_as, ensure_import
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._gaudi_optimizers import MODULE, Fused

_WIDTH = 120


def is_constant(value: ast.expr | None, wanted: bool | float) -> bool:
    """Whether an argument is exactly this constant."""
    if not isinstance(value, ast.Constant) or isinstance(value.value, bool) != isinstance(wanted, bool):
        return False
    return value.value == wanted


def unlike_argument(call: ast.Call, fused: Fused) -> str:
    """The argument that the fused optimizer cannot take, or ""."""
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        return "arguments passed by * or **"
    if len(call.args) > len(fused.positional) + 1:
        return "so many positional arguments"
    given = _given(call, fused)
    for name, wanted in fused.required.items():
        default = ast.parse(fused.defaults[name], mode="eval").body if name in fused.defaults else None
        value = given.get(name, default)
        if value is not None and not is_constant(value, wanted):
            return name
    return ""


def _given(call: ast.Call, fused: Fused) -> dict[str, ast.expr]:
    positional = dict(zip(fused.positional, call.args[1:], strict=False))
    return {**positional, **{k.arg or "": k.value for k in call.keywords}}


def construction_edits(call: ast.Call, fused: Fused, file: File) -> list[Edit]:
    """Exchange the class and write all arguments out under the new one's names, with the import it takes."""
    local = bound_as(file, f"{MODULE}.{fused.name}")
    given = _given(call, fused)
    gone = fused.implementation | (fused.required.keys() - fused.defaults.keys())
    unwanted: list[Argument] = [v for n, v in zip(fused.positional, call.args[1:], strict=False) if n in gone]
    unwanted += [k for k in call.keywords if k.arg in gone]
    missing = [f"{fused.renamed.get(n, n)}={value}" for n, value in fused.defaults.items() if n not in given]
    exchanged = exchange_arguments(file, call, unwanted, _wrapped(missing, call, fused, file))
    order = [fused.renamed.get(name, name) for name in fused.positional]
    names = name_arguments(file, call, ("params", *order), after=1)
    kept_names = [e for e in names if not any(x.start <= e.start < x.end for x in exchanged)]
    edits = [rename(file, call.func, local or fused.name), *kept_names, *exchanged, *_renamed(call, fused, file)]
    edits += _none_for_zero(given.get(fused.zero_is_none), file)
    return edits if local else [*edits, *ensure_import(file, f"from {MODULE} import {fused.name}")]


def _wrapped(arguments: list[str], call: ast.Call, fused: Fused, file: File) -> str:
    """The arguments in lines of at most 120 characters, in the call's own layout."""
    source, (_, slots) = file.source, argument_slots(file, call)
    if not slots:
        return ", ".join(arguments)
    (first, _, _), (start, end, _) = slots[0], slots[-1]
    before = source.text[source.line_start(start) : start]
    longer = len(fused.name) - len(file.text(call.func))
    if before.strip():  # not on a line of its own: go on below the first argument
        before = re.sub(rb"\S", b" ", source.text[source.line_start(first) : first])
        before = before[:longer] if longer < 0 else before + b" " * longer
        column = end - source.line_start(end) + longer + 2
    else:
        column = len(before)
    lines = [""]
    for argument in arguments:
        if lines[-1] and column + len(lines[-1]) + len(argument) + 3 > _WIDTH:
            lines.append("")
            column = len(before)
        lines[-1] += (", " if lines[-1] else "") + argument
    return ("," + source.newline(start).decode() + before.decode()).join(lines)


def _renamed(call: ast.Call, fused: Fused, file: File) -> Iterator[Edit]:
    for argument in call.keywords:
        if argument.arg is not None and argument.arg in fused.renamed:
            start = file.source.span(argument)[0]
            yield Edit(start, start + len(argument.arg), fused.renamed[argument.arg].encode())


def _none_for_zero(value: ast.expr | None, file: File) -> list[Edit]:
    """None for a norm that may be 0, which lamb.py takes for none."""
    if value is None or (isinstance(value, ast.Constant) and (value.value is None or value.value)):
        return []
    new = "None" if isinstance(value, ast.Constant) else f"{operand(file, value)} or None"
    return [replace(file, value, new)]
