"""Models that are made float16 for apex's FP16_Optimizer, which keeps float32 copies of their weights."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.core.file import File
from migrator.core.scopes import dotted
from migrator.rules._torch import only

WRAPPERS = frozenset(
    f"apex.{module}.FP16_Optimizer"
    for package in ("fp16_utils", "contrib.optimizers", "optimizers")
    for module in (package, f"{package}.fp16_optimizer")
)
_CONVERTERS = frozenset({"apex.fp16_utils.network_to_half", "apex.fp16_utils.fp16util.network_to_half"})
_OF_MODELS = frozenset({"parameters", "named_parameters", "load_state_dict", "train", "eval", "modules", "forward"})


@dataclass(frozen=True)
class Halved:
    """A statement that makes a model float16, and the model as it is named there."""

    statement: ast.stmt
    call: ast.Call
    model: str


def wraps(file: File) -> bool:
    """Whether the file makes an FP16_Optimizer."""
    return any(only(file.called(call), WRAPPERS) for call in file.index.calls)


def halved_models(file: File) -> Iterator[Halved]:
    """`model.half()`, `model = model.half()` and `model = network_to_half(model)`, in a file with an FP16_Optimizer."""
    for call in file.index.calls if wraps(file) else ():
        statement = file.parent(call)
        source = _source(call, file)
        if source is None or not dotted(source):
            continue
        model = dotted(source)
        in_place = isinstance(statement, ast.Expr) and isinstance(call.func, ast.Attribute)
        if in_place or (_is_same(statement, model) and _is_model(model, call, file)):
            yield Halved(file.statement(call), call, model)


def _source(call: ast.Call, file: File) -> ast.expr | None:
    if is_half(call):
        return call.func.value if isinstance(call.func, ast.Attribute) else None
    return call.args[0] if only(file.called(call), _CONVERTERS) and len(call.args) == 1 else None


def is_half(call: ast.Call) -> bool:
    """Whether a call is `something.half()`."""
    return isinstance(call.func, ast.Attribute) and call.func.attr == "half" and not call.args and not call.keywords


def _is_same(statement: ast.AST | None, model: str) -> bool:
    """Whether a statement gives the result to the model's own name."""
    return isinstance(statement, ast.Assign) and [dotted(target) for target in statement.targets] == [model]


def _is_model(name: str, call: ast.Call, file: File) -> bool:
    """Whether something is asked of it that only a module has; a batch is made float16 in the same way."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "half":
        return True
    asked = (n for n in file.index.nodes if isinstance(n, ast.Attribute) and n.attr in _OF_MODELS)
    return any(dotted(node.value) == name for node in asked)
