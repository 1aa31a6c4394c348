"""How a model is built: the calls behind it, without the methods and wrappers that give the same model again."""

from __future__ import annotations

import ast

from migrator.core.edit_arguments import keyword
from migrator.core.file import File
from migrator.rules._collation import definition
from migrator.rules._ddp import DDP

_GIVES_ITSELF = frozenset({"to", "cuda", "hpu", "cpu", "train", "eval", "float", "half", "bfloat16", "requires_grad_"})
_WRAPPERS = DDP | {"torch.compile"}


def builders(model: ast.expr, file: File) -> list[ast.Call]:
    """The calls that may have built a model: `Net(...)` for `DistributedDataParallel(Net(...).to(device))`."""
    found: list[ast.Call] = []
    waiting, seen = [model], {model}
    while waiting:
        for call in file.makers(waiting.pop()):
            inner = _inner(call, file)
            if (
                inner is None and definition(call.func, file) is None
            ):  # what a function of the file returns is there too
                found.append(call)
            elif inner is not None and inner not in seen:
                seen.add(inner)
                waiting.append(inner)
    return found


def wrapped(call: ast.Call) -> ast.expr | None:
    """The model that a wrapper takes."""
    given = keyword(call, "module")
    return call.args[0] if call.args else (given.value if given is not None else None)


def _inner(call: ast.Call, file: File) -> ast.expr | None:
    if file.called(call) & _WRAPPERS:
        return wrapped(call)
    func = call.func
    return func.value if isinstance(func, ast.Attribute) and func.attr in _GIVES_ITSELF else None
