"""Where a lazy graph should be cut: the statements that end a backward pass or an optimizer step."""

from __future__ import annotations

import ast
import re

from migrator.core.file import File

_OPTIMIZER_NAME = re.compile(r"(?i)(^|_)(opt|optim|optimi[sz]er)s?(_|\d|$)")
_OPTIMIZER_CLASS = re.compile(
    r"torch\.optim\.(?!lr_scheduler)|apex\.(contrib\.)?optimizers\.|\.hpex\.optimizers\.|(Adam\w*|Lamb|LAMB|SGD|Optimizer)$"
)
_OTHER_STEPPERS = re.compile(r"lr_scheduler|[Ss]chedul|[Pp]rofil")
MARK = "habana_frameworks.torch.core.mark_step"


def _call(statement: ast.stmt) -> ast.Call | None:
    value = statement.value if isinstance(statement, (ast.Expr, ast.Assign)) else None
    return value if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) else None


def ends_backward(statement: ast.stmt, file: File) -> bool:
    """Whether the statement is `something.backward(...)`, a tensor's or an engine's."""
    call = _call(statement)
    if call is None or not isinstance(call.func, ast.Attribute) or call.func.attr != "backward":
        return False
    names = file.called(call)
    return not names or "torch.autograd.backward" in names


def ends_optimizer_step(statement: ast.stmt, file: File) -> bool:
    """Whether the statement is an optimizer's `.step(...)`, or a GradScaler's."""
    call = _call(statement)
    if call is None or not isinstance(call.func, ast.Attribute) or call.func.attr != "step" or file.called(call):
        return False
    receiver = call.func.value
    origins = file.origins(receiver)
    if any(origin.endswith("GradScaler") for origin in origins):
        return True
    if any(_OPTIMIZER_CLASS.search(origin) for origin in origins):
        return True
    if any(_OTHER_STEPPERS.search(origin) for origin in origins):
        return False
    last = file.text(receiver).rpartition(".")[2]
    return bool(_OPTIMIZER_NAME.search(last)) and not _OTHER_STEPPERS.search(last)


def is_mark(statement: ast.stmt, file: File) -> bool:
    """Whether the statement is a step mark already."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return False
    return MARK in file.called(call) or call.func.attr == "mark_step"


def in_compiled_function(statement: ast.stmt, file: File) -> bool:
    """Whether a function around the statement is compiled: a mark there would break the graph."""
    for above in file.ancestors(statement):
        if isinstance(above, (ast.FunctionDef, ast.AsyncFunctionDef)):
            decorators = [d.func if isinstance(d, ast.Call) else d for d in above.decorator_list]
            if any("torch.compile" in file.names(d) for d in decorators) or _passed_to_compile(above.name, file):
                return True
    return False


def _passed_to_compile(name: str, file: File) -> bool:
    return any(
        "torch.compile" in file.called(call)
        and call.args
        and isinstance(call.args[0], ast.Name)
        and call.args[0].id == name
        for call in file.index.calls
    )
