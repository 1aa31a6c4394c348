"""Whether the data of a DataLoader may be on the device before the loader gives it: the file says so, or not."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.bindings import Opaque
from migrator.core.file import File
from migrator.rules._collation import argument
from migrator.rules._loader_batches import is_copy


def makes_device_tensors(loader: ast.Call, file: File) -> bool:
    """Whether the dataset's arguments, its class or the collation, where the file has them, copy to the device."""
    given = [value for name in ("dataset", "collate_fn") if (value := argument(loader, name)) is not None]
    places = [place for value in given for place in _places(value, file)]
    return any(isinstance(node, ast.Call) and is_copy(node, file) for place in places for node in ast.walk(place))


def _places(value: ast.expr, file: File) -> Iterator[ast.AST]:
    """The calls that make a value, what makes their arguments, and the definitions in the file that they name."""
    yield from _definitions(value, file)
    for call in file.makers(value):
        yield call
        yield from _definitions(call.func, file)
        for argument_of in call.args:
            yield from file.makers(argument_of.value if isinstance(argument_of, ast.Starred) else argument_of)


def _definitions(func: ast.expr, file: File) -> Iterator[ast.AST]:
    scope = file.index.scope_of.get(func)
    home = scope.find(func.id) if scope is not None and isinstance(func, ast.Name) else None
    for binding in home.bindings[func.id] if home is not None and isinstance(func, ast.Name) else ():
        if isinstance(binding, Opaque) and binding.node is not None:
            yield binding.node
