"""What apex.amp keeps, and what each part of it is where no loss is scaled.

Its loss scalers, its options, and what it hangs on an optimizer: the names of
https://github.com/NVIDIA/apex/tree/22.04-dev/apex/amp (scaler.py, frontend.py, _process_optimizer.py).
"""

from __future__ import annotations

import ast

from migrator.core.bindings import Assigned
from migrator.core.file import File
from migrator.core.scopes import Scope
from migrator.rules._known_tests import Known
from migrator.rules._torch import only

ROOTS = frozenset({"apex.amp._amp_state", "apex.amp._amp_state._amp_state"})
_SCALERS = frozenset(f"{root}.loss_scalers" for root in ROOTS)
_OPTIONS = {
    f"{root}.opt_properties.{name}": value
    for root in ROOTS
    for name, value in (("master_weights", Known(False)), ("loss_scale", Known(1.0)))
}
_SCALER_CALLS = {"loss_scale": Known(1.0), "update_scale": Known(False)}
_SCALER_VALUES = {"_loss_scale": Known(1.0), "_has_overflow": Known(False), "dynamic": Known(False)}
STASH = "_amp_stash"
# The parameters of a float16 model, and their float32 copies: there are neither.
EMPTY = frozenset({"all_fp16_params", "all_fp32_from_fp16_params", "fp16_groups", "fp32_from_fp16_groups"})
ALL = frozenset({"all_fp32_from_fp32_params", "all_fp32_params"})
SERVANTS = frozenset(
    {"_lazy_init_maybe_master_weights", "_amp_lazy_init", "_master_params_to_model_params", "_prepare_amp_backward"}
)


def is_scaler(node: ast.AST, file: File, seen: frozenset[str] = frozenset()) -> bool:
    """Whether an expression is one of apex's loss scalers, also under a name that is given to nothing else."""
    if isinstance(node, ast.Subscript):
        return only(file.names(node.value), _SCALERS)
    if not isinstance(node, ast.Name) or node.id in seen:
        return False
    values = assigned(node, file)
    return bool(values) and all(v is not None and is_scaler(v, file, seen | {node.id}) for v in values)


def assigned(name: ast.Name, file: File) -> list[ast.expr | None]:
    """What a variable is given, by plain assignments; None for each other way."""
    home = home_of(name, file)
    bindings = home.bindings[name.id] if home else []
    return [b.value if isinstance(b, Assigned) and not b.path else None for b in bindings]


def home_of(name: ast.Name, file: File) -> Scope | None:
    """The scope whose variable a name is."""
    return file.index.scope_of[name].find(name.id)


def is_state(node: ast.AST, file: File) -> bool:
    """Whether an expression is part of apex's state: something of a scaler, of the options, or on an optimizer."""
    if isinstance(node, ast.Attribute) and node.attr == STASH:
        return True
    if is_scaler(node, file) or only(file.names(node), ROOTS):
        return True
    return isinstance(node, (ast.Attribute, ast.Subscript)) and is_state(node.value, file)


def constant(node: ast.expr, file: File) -> Known | None:
    """What a read of the state comes to, or a variable that holds nothing but whether there was an overflow."""
    if isinstance(node, ast.Name):
        return Known(0) if isinstance(node.ctx, ast.Load) and _is_no_overflow(node, file) else None
    if isinstance(node, ast.Call):
        return _called(node, file)
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return None
    if is_scaler(node.value, file):
        return _SCALER_VALUES.get(node.attr)
    if node.attr == "lazy_init_called" and is_state(node.value, file):
        return Known(True)
    names = file.names(node)
    return _OPTIONS[min(names)] if only(names, frozenset(_OPTIONS)) else None


def _called(call: ast.Call, file: File) -> Known | None:
    func = call.func
    if isinstance(func, ast.Attribute) and is_scaler(func.value, file):
        return _SCALER_CALLS.get(func.attr)
    asks = isinstance(func, ast.Name) and func.id == "hasattr" and len(call.args) == 2
    name = call.args[1] if asks else None
    return Known(False) if isinstance(name, ast.Constant) and name.value == STASH else None


def _is_no_overflow(name: ast.Name, file: File) -> bool:
    """Whether a variable is given what a scaler says of overflows, and else 0 or False."""
    values = assigned(name, file)
    of_state = [v is not None and isinstance(v, (ast.Call, ast.Attribute)) and _says_no(v, file) for v in values]
    others = [v for v, known in zip(values, of_state, strict=True) if not known]
    return any(of_state) and all(isinstance(v, ast.Constant) and v.value in (0, False) for v in others)


def _says_no(node: ast.expr, file: File) -> bool:
    found = constant(node, file)
    return found is not None and found.value is False
