"""Where a program computes in bfloat16: under autocast, and in modules that it casts."""

from __future__ import annotations

import ast

from migrator.core.file import File

AUTOCAST = frozenset(
    {
        *("torch.autocast", "torch.amp.autocast", "torch.amp.autocast_mode.autocast"),
        *("torch.cuda.amp.autocast", "torch.cuda.amp.autocast_mode.autocast"),
    }
)


def is_under_autocast(node: ast.AST, file: File) -> bool:
    """Whether a with-block, or a decorator of the function, has autocast on."""
    for above in file.ancestors(node):
        if isinstance(above, (ast.With, ast.AsyncWith)):
            if any(_is_autocast(item.context_expr, file) for item in above.items):
                return True
        elif isinstance(above, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return any(_is_autocast(decorator, file) for decorator in above.decorator_list)
    return False


def _is_autocast(node: ast.expr, file: File) -> bool:
    """Whether an expression may be autocast in half precision."""
    if not (file.origins(node) | file.names(node)) & AUTOCAST:
        return False
    given = {k.arg: k.value for k in node.keywords} if isinstance(node, ast.Call) else {}
    enabled, dtype = given.get("enabled"), given.get("dtype")
    is_off = isinstance(enabled, ast.Constant) and not enabled.value
    return not is_off and not (dtype is not None and file.names(dtype) & {"torch.float32", "torch.float16"})


def is_cast(func: ast.expr, file: File) -> bool:
    """Whether the file casts the module to bfloat16 somewhere."""
    return any(
        isinstance(call.func, ast.Attribute)
        and (call.func.attr == "bfloat16" or any("torch.bfloat16" in file.names(a) for a in _values(call)))
        and call.func.attr in ("bfloat16", "to")
        and ast.dump(call.func.value) == ast.dump(func)
        for call in file.index.calls
    )


def _values(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(k.value for k in call.keywords)]
