"""Whether the batches of a DataLoader are known to be tensors, in tuples, lists and dicts at most.

torch's own collation makes nothing else, and raises TypeError where it cannot. A function of the file's own counts as
well where everything that it returns is made by torch. Anything else may be an object with a `to` of its own.
Source: https://docs.pytorch.org/docs/2.13/data.html
"""

from __future__ import annotations

import ast

from migrator.core.bindings import Opaque
from migrator.core.edit_arguments import keyword
from migrator.core.file import File

# DataLoader's parameters that can stand without their name, in order.
POSITIONS = (
    *("dataset", "batch_size", "shuffle", "sampler", "batch_sampler", "num_workers", "collate_fn", "pin_memory"),
    *("drop_last", "timeout", "worker_init_fn", "multiprocessing_context", "generator"),
)
_DEFAULT = frozenset(
    {
        "torch.utils.data.default_collate",
        "torch.utils.data.dataloader.default_collate",
        "torch.utils.data._utils.collate.default_collate",
        "transformers.default_data_collator",
        "transformers.data.data_collator.default_data_collator",
    }
)


def is_readable(loader: ast.Call) -> bool:
    """Whether all arguments of a DataLoader are written out."""
    return not any(isinstance(a, ast.Starred) for a in loader.args) and all(k.arg for k in loader.keywords)


def argument(loader: ast.Call, name: str) -> ast.expr | None:
    """An argument of a DataLoader, named or not; None where it is not given."""
    if (given := keyword(loader, name)) is not None:
        return given.value
    place = POSITIONS.index(name)
    return loader.args[place] if place < len(loader.args) else None


def gives_tensors(loader: ast.Call, file: File) -> bool:
    """Whether the batches of a DataLoader are known to be of tensors."""
    if not is_readable(loader):
        return False
    size, collate = argument(loader, "batch_size"), argument(loader, "collate_fn")
    if isinstance(size, ast.Constant) and size.value is None:
        return False  # the dataset's own objects come through as they are
    if collate is None or (isinstance(collate, ast.Constant) and collate.value is None):
        return True
    if file.names(collate):
        return file.names(collate) <= _DEFAULT
    function = definition(collate, file)
    return function is not None and _returns_tensors(function, file)


def definition(func: ast.expr, file: File) -> ast.FunctionDef | None:
    """The one function of the file that a name stands for."""
    scope = file.index.scope_of.get(func)
    home = scope.find(func.id) if scope is not None and isinstance(func, ast.Name) else None
    bound = home.bindings[func.id] if home is not None and isinstance(func, ast.Name) else []
    if len(bound) != 1 or not isinstance(bound[0], Opaque):
        return None
    return bound[0].node if isinstance(bound[0].node, ast.FunctionDef) else None


def _returns_tensors(function: ast.FunctionDef, file: File) -> bool:
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    return bool(returned) and all(value is not None and _is_of_tensors(value, file) for value in returned)


def _is_of_tensors(value: ast.expr, file: File) -> bool:
    if isinstance(value, (ast.Tuple, ast.List)):
        return all(_is_of_tensors(element, file) for element in value.elts)
    if isinstance(value, ast.Dict):
        return all(_is_of_tensors(element, file) for element in value.values)
    made = [file.called(call) for call in file.makers(value)]
    return bool(made) and all(names and all(name.startswith("torch.") for name in names) for names in made)
