"""What the methods of a torch module keep in its attributes."""

from __future__ import annotations

import ast

from migrator.core.bindings import Parameter
from migrator.core.file import File

_MODULES = frozenset({"torch.nn.Module", "torch.nn.modules.module.Module", "torch.nn.modules.Module"})
_PARAMETERS = frozenset({"torch.nn.Parameter", "torch.nn.parameter.Parameter"})
_MAKERS = frozenset(
    f"torch.{name}" for name in ("ones", "zeros", "empty", "rand", "randn", "full", "Tensor", "FloatTensor")
)
_SIZES = frozenset({"torch.Size"})


def module_class(node: ast.AST, file: File) -> ast.ClassDef | None:
    """The torch module whose method holds `node`."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    above = [a for a in file.ancestors(node) if isinstance(a, kinds)]
    owner = above[1] if len(above) > 1 else None
    is_module = isinstance(owner, ast.ClassDef) and any(file.names(base) & _MODULES for base in owner.bases)
    return owner if is_module and isinstance(owner, ast.ClassDef) else None


def assigned(attribute: str, owner: ast.ClassDef, file: File) -> ast.expr | None:
    """What is assigned to `self.x` in a class, if it is one thing."""
    found = [a for a in file.index.attributes.get(attribute, ()) if owner in file.ancestors(a.value)]
    return found[0].value if len(found) == 1 and not found[0].path else None


def length(parameter: str, owner: ast.ClassDef, file: File) -> str:
    """The n of `self.weight = nn.Parameter(torch.ones(n))`; "" for any other shape."""
    value = assigned(parameter, owner, file)
    if not (isinstance(value, ast.Call) and file.called(value) & _PARAMETERS and value.args):
        return ""
    made = value.args[0]
    if not (isinstance(made, ast.Call) and file.called(made) & _MAKERS and made.args):
        return ""
    is_full = any(name.endswith(".full") for name in file.called(made))
    return _single(made.args[0], file) if is_full or len(made.args) == 1 else ""


def is_shape_of(node: ast.expr, parameter: str, owner: ast.ClassDef, file: File) -> bool:
    """Whether an expression is the shape of a parameter: `self.weight.shape`, or as long as `length` says."""
    if ast.unparse(node) in (f"{parameter}.shape", f"{parameter}.size()"):
        return True
    if isinstance(node, ast.Attribute):
        value = assigned(ast.unparse(node), owner, file)
        node = value if value is not None else node
    if isinstance(node, ast.Call) and file.called(node) & _SIZES and len(node.args) == 1:
        node = node.args[0]
    is_sequence = isinstance(node, (ast.Tuple, ast.List))
    return is_sequence and bool(found := _single(node, file)) and found == length(parameter, owner, file)


def _single(node: ast.expr, file: File) -> str:
    """The one size that is given, as text."""
    if isinstance(node, (ast.Tuple, ast.List)):
        return _single(node.elts[0], file) if len(node.elts) == 1 else ""
    if isinstance(node, ast.Name) and not _may_be_number(node, file):
        return ""
    return "" if isinstance(node, ast.Starred) else ast.unparse(node)


def _may_be_number(name: ast.Name, file: File) -> bool:
    """Whether nothing says that a parameter of a function is a sequence."""
    home = file.index.scope_of[name].find(name.id)
    for binding in home.bindings[name.id] if home else ():
        if isinstance(binding, Parameter) and isinstance(binding.function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = binding.function.args
            given = next(
                a for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs] if a.arg == name.id
            )
            if given.annotation is not None and ast.unparse(given.annotation).strip("'\"") != "int":
                return False
    return True
