"""Uses of gradients: what must see those of all cards, or starts them anew."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from migrator.core.file import File
from migrator.core.scopes import dotted
from migrator.rules._collation import definition

_GRADIENT = re.compile(r"(^|_)grads?(_|$)|^unscale_$|^clip_norm$")
_OTHER = frozenset({"no_grad", "requires_grad", "requires_grad_", "enable_grad", "set_grad_enabled", "is_grad_enabled"})
_PARAMETERS = frozenset({"parameters", "named_parameters"})


def uses_gradients(statements: list[ast.stmt], held: frozenset[str], file: File) -> ast.AST | None:
    """The first use of gradients in statements: by name, through parameters, or by a function that gets `held`."""
    for node in (node for statement in statements for node in ast.walk(statement)):
        if names_gradient(node) or (_is_parameters(node) and not _is_saved(node, file)):
            return node
        if isinstance(node, ast.Call) and _hands_on(node, held) and not _is_known(node, file):
            return node
    return None


def names_gradient(node: ast.AST) -> bool:
    """Whether a name or an attribute speaks of gradients."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return bool(_GRADIENT.search(name)) and name not in _OTHER


def _is_parameters(node: ast.AST) -> bool:
    """Whether a node is `model.parameters()`, or `group["params"]` of an optimizer."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == "params"
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _PARAMETERS


def _is_saved(node: ast.AST, file: File) -> bool:
    """Whether parameters go into a file: that reads no gradient."""
    for above in file.ancestors(node):
        if isinstance(above, ast.stmt):
            return False
        if isinstance(above, ast.Call) and not _is_builtin(above, file):
            return "torch.save" in file.called(above)
    return False


def _hands_on(call: ast.Call, held: frozenset[str]) -> bool:
    given: Iterator[ast.expr] = (*call.args, *(k.value for k in call.keywords)).__iter__()
    return any(dotted(value) in held for value in given)


def _is_known(call: ast.Call, file: File) -> bool:
    """Whether a call is Python's own, or of a function of the file that uses no gradients."""
    function = definition(call.func, file)
    if function is None:
        return _is_builtin(call, file)
    return not any(names_gradient(node) or _is_parameters(node) for node in ast.walk(function))


def _is_builtin(call: ast.Call, file: File) -> bool:
    func = call.func
    own = isinstance(func, ast.Name) and hasattr(builtins, func.id)
    return own and isinstance(func, ast.Name) and file.index.scope_of[func].find(func.id) is None
