"""Where a text means a device: what torch takes as one, and names, options and parameters that say they are one."""

from __future__ import annotations

import ast
from collections.abc import Callable
from enum import Enum
from typing import Any

from migrator.core.file import File
from migrator.rules._backend import scope_at
from migrator.rules._device_names import is_device, is_device_target, last, says_device


class Place(Enum):
    """How the text is used."""

    USED = "used"  # torch takes it as a device here
    HELD = "held"  # a variable, an option's default, a parameter that says it is a device
    COMPARED = "compared"  # with something that says it is a device


# name -> position of the device among the arguments
_POSITIONS = {
    "torch.device": 0,
    "torch.autocast": 0,
    "torch.amp.autocast": 0,
    "torch.amp.autocast_mode.autocast": 0,
    "torch.amp.GradScaler": 0,
    "torch.Generator": 0,
    "torch.set_default_device": 0,
    "torch.get_device_module": 0,
    "torch.load": 1,
}
_NAMED_CALLS = {"add_argument", "get", "getattr", "getenv", "option", "parametrize", "pop", "setdefault"}
_WRAPPERS = {"Argument", "Field", "Option", "field"}  # `device: str = field(default="cuda")`
_VALUES = {"choices", "const", "default", "enum_values"}
_TRANSPARENT = (ast.IfExp, ast.BoolOp, ast.Tuple, ast.List, ast.Set, ast.Starred)


def place_of(node: ast.AST, file: File, *, follow: bool = True) -> Place | None:
    """How an expression is used as a device; None where nothing says that it is one."""
    inner = node
    for above in file.ancestors(node):
        if isinstance(above, ast.Tuple) and (target := _parallel(above, inner, file)) is not None:
            return Place.HELD if is_device_target(target) else None
        if not _is_transparent(above, inner, file):
            case = _CASES.get(type(above))
            place = case(above, inner, file) if case else None
            if place is None and follow and isinstance(above, ast.Assign):
                return _reached(above, inner, file)
            return place
        inner = above
    return None


def _is_transparent(above: ast.AST, inner: ast.AST, file: File) -> bool:
    """Whether `inner` is (one of) the values of `above`, or of a field that `above` describes."""
    if isinstance(above, ast.keyword):
        call = file.parent(above)
        return above.arg in _VALUES and isinstance(call, ast.Call) and last(call.func) in _WRAPPERS
    if isinstance(above, ast.Call):
        return last(above.func) in _WRAPPERS and inner is not above.func
    return isinstance(above, _TRANSPARENT) and inner is not getattr(above, "test", None)


def _in_call(call: ast.Call, inner: ast.AST, file: File) -> Place | None:
    if inner not in call.args:
        return None
    at = call.args.index(inner)
    if any(_POSITIONS.get(name) == at for name in file.called(call)):
        return Place.USED
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method == "to" and at == 0:
        return Place.USED
    if method == "startswith" and isinstance(call.func, ast.Attribute) and is_device(call.func.value):
        return Place.COMPARED
    return Place.HELD if _is_named_call(call, inner) else None


def _is_named_call(call: ast.Call, inner: ast.AST | None) -> bool:
    """Whether a call is about something named a device: `add_argument("--device", ...)`, `DEFINE_enum("device")`."""
    name = last(call.func)
    return (name in _NAMED_CALLS or name.startswith("DEFINE_")) and any(
        says_device(last(other)) for other in call.args if other is not inner and isinstance(other, ast.Constant)
    )


def _in_keyword(keyword: ast.keyword, inner: ast.AST, file: File) -> Place | None:
    call = file.parent(keyword)
    if not isinstance(call, ast.Call):
        return None
    if says_device(keyword.arg or "") or (keyword.arg == "type" and "torch.device" in file.called(call)):
        return Place.USED
    return Place.HELD if keyword.arg in _VALUES and _is_named_call(call, None) else None


def _in_compare(compare: ast.Compare, inner: ast.AST, file: File) -> Place | None:
    others = [side for side in (compare.left, *compare.comparators) if side is not inner]
    return Place.COMPARED if any(is_device(other) for other in others) else None


def _in_assign(assign: ast.Assign, inner: ast.AST, file: File) -> Place | None:
    return Place.HELD if any(is_device_target(target) for target in assign.targets) else None


def _parallel(values: ast.Tuple, inner: ast.AST, file: File) -> ast.expr | None:
    """The target of one value of `a, b = 1, 2`."""
    assign = file.parent(values)
    for target in assign.targets if isinstance(assign, ast.Assign) else ():
        if isinstance(target, ast.Tuple) and len(target.elts) == len(values.elts):
            return target.elts[values.elts.index(inner)]  # type: ignore[arg-type]
    return None


def _in_target(node: Any, inner: ast.AST, file: File) -> Place | None:
    """An annotated assignment, `:=`, a loop."""
    return Place.HELD if inner is not node.target and is_device_target(node.target) else None


def _in_dict(node: ast.Dict, inner: ast.AST, file: File) -> Place | None:
    pairs = zip(node.keys, node.values, strict=True)
    return Place.HELD if any(value is inner and key and says_device(last(key)) for key, value in pairs) else None


def _in_parameters(node: ast.arguments, inner: ast.AST, file: File) -> Place | None:
    positional = [*node.posonlyargs, *node.args]
    pairs = [
        *zip(reversed(positional), reversed(node.defaults), strict=False),
        *zip(node.kwonlyargs, node.kw_defaults, strict=True),
    ]
    return Place.HELD if any(default is inner and says_device(arg.arg) for arg, default in pairs) else None


def _in_return(node: ast.Return, inner: ast.AST, file: File) -> Place | None:
    functions = (f for f in file.ancestors(node) if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)))
    function = next(functions, None)
    return Place.HELD if function is not None and says_device(function.name) else None


def _reached(assign: ast.Assign, inner: ast.AST, file: File) -> Place | None:
    """HELD when a name that is assigned here is used as a device."""
    for target in assign.targets:
        if isinstance(target, ast.Name) and assign.value is inner:
            home = scope_at(file, target).find(target.id)
            uses = (
                u for u in file.uses(target.id) if isinstance(u.ctx, ast.Load) and scope_at(file, u).find(u.id) is home
            )
            if any(place_of(use, file, follow=False) is Place.USED for use in uses):
                return Place.HELD
    return None


_CASES: dict[type[ast.AST], Callable[[Any, ast.AST, File], Place | None]] = {
    ast.Call: _in_call,
    ast.keyword: _in_keyword,
    ast.Compare: _in_compare,
    ast.Assign: _in_assign,
    ast.AnnAssign: _in_target,
    ast.NamedExpr: _in_target,
    ast.For: _in_target,
    ast.comprehension: _in_target,
    ast.Dict: _in_dict,
    ast.arguments: _in_parameters,
    ast.Return: _in_return,
}
