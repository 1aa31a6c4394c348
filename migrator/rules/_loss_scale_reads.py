"""Options about loss scaling in a file that scales losses by apex or a GradScaler, and what reads them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.file import File
from migrator.rules._apex_scale_loss import SCALE_LOSS
from migrator.rules._apex_state import is_state
from migrator.rules._fp16_models import WRAPPERS
from migrator.rules._torch import only

NAME = re.compile(r"((init|initial|static|dynamic|min|max|fp16)_)*loss_scal(e|ing)(_(window|factor|init|min|max))?")
_SCALING = frozenset(
    {
        *SCALE_LOSS,
        *WRAPPERS,
        *("apex.amp.initialize", "apex.amp.frontend.initialize"),
        *("torch.cuda.amp.GradScaler", "torch.cuda.amp.grad_scaler.GradScaler", "torch.amp.GradScaler"),
    }
)


def scales(file: File) -> bool:
    """Whether the file scales losses in a way that a port takes out."""
    return any(only(file.called(call), _SCALING) for call in file.index.calls)


def options(file: File) -> Iterator[tuple[ast.Call, str]]:
    """The calls that declare such an option, with the name of its attribute."""
    for call in file.index.calls:
        is_declared = isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
        first = call.args[0] if is_declared and call.args else None
        text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
        name = text.lstrip("-").replace("-", "_")
        if text.startswith("--") and NAME.fullmatch(name):
            yield call, name


def scaled_by_hand(file: File) -> Iterator[ast.BinOp]:
    """`loss * args.loss_scale` and `grad / args.loss_scale`."""
    for node in file.index.nodes:
        if isinstance(node, ast.BinOp) and any(_is_read(side) for side in (node.left, node.right)):
            yield node


def has_no_effect(name: str, file: File) -> bool:
    """Whether all that reads an option goes with the scaling, or only chooses between ways of it."""
    reads = [n for n in file.index.nodes if isinstance(n, ast.Attribute) and n.attr == name and _is_read(n)]
    return all(_serves_scaling(read, file) for read in reads if not is_state(read.value, file))


def _is_read(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and bool(NAME.fullmatch(node.attr))


def _serves_scaling(read: ast.Attribute, file: File) -> bool:
    inner: ast.AST = read
    for above in file.ancestors(read):
        if isinstance(above, (ast.If, ast.IfExp)) and inner is above.test:
            return True
        if isinstance(above, ast.Call) and (only(file.called(above), _SCALING) or _is_own_function(above, file)):
            return True
        if isinstance(above, ast.stmt):
            targets = above.targets if isinstance(above, ast.Assign) else []
            return bool(targets) and all(is_state(target, file) for target in targets)
        inner = above
    return False


def _is_own_function(call: ast.Call, file: File) -> bool:
    """Whether the option is handed to a function of the file, which uses it in its turn."""
    defined = (n.name for n in file.index.nodes if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return isinstance(call.func, ast.Name) and call.func.id in defined
