"""Models whose parameters are cast to a 16-bit type."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.file import File
from migrator.core.scopes import dotted

_SHORT = frozenset({"torch.bfloat16", "torch.float16", "torch.half"})


def models(file: File) -> set[str]:
    """The names whose parameters something in the file asks for."""
    methods = (c.func for c in file.index.calls if isinstance(c.func, ast.Attribute))
    return {dotted(m.value) for m in methods if m.attr in ("parameters", "named_parameters")} - {""}


def short_casts(file: File) -> Iterator[ast.Call]:
    """The calls that cast a model; on tensors the same methods say nothing of parameters."""
    known = models(file)
    for call in file.index.calls:
        if isinstance(call.func, ast.Attribute) and dotted(call.func.value) in known:
            values = [*call.args, *(k.value for k in call.keywords)]
            names_type = call.func.attr == "to" and any(file.names(value) & _SHORT for value in values)
            if names_type or call.func.attr in ("half", "bfloat16"):
                yield call
