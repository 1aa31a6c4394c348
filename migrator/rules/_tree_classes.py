"""The class that a call builds, and the module that it stands in, in this file or another one of the tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from migrator.core.bindings import Binding, Import, Opaque
from migrator.core.file import File, read
from migrator.core.source import UnreadableSourceError

_BUILDERS = ("from_pretrained", "from_config")  # class methods that give an instance
_DEEPEST = 5  # modules that hand a name on


def built_class(call: ast.Call, file: File) -> tuple[File, ast.ClassDef] | None:
    """The class of the tree that a call makes an instance of."""
    func = call.func
    if isinstance(func, ast.Attribute) and func.attr in _BUILDERS:
        func = func.value
    found = [place for name in sorted(file.names(func)) if (place := _in_tree(name, file, _DEEPEST)) is not None]
    if found:
        return found[0]
    scope = file.index.scope_of.get(func)
    home = scope.find(func.id) if scope is not None and isinstance(func, ast.Name) else None
    node = _class_in(home.bindings[func.id]) if home is not None and isinstance(func, ast.Name) else None
    return (file, node) if node is not None else None


def tree_module(name: str, file: File) -> tuple[File, list[str]] | None:
    """The module of the tree that a dotted name stands in, and what is left of the name."""
    parts = name.lstrip(".").split(".")
    for folder in _folders(name, file):
        for end in range(len(parts), 0, -1):
            stem = folder.joinpath(*parts[:end])
            for path in (f"{stem}.py", f"{stem}/__init__.py"):
                if path in file.context.sources and (module := _read(path, file)) is not None:
                    return module, parts[end:]
    return None


def _folders(name: str, file: File) -> Iterator[PurePosixPath]:
    here = PurePosixPath(file.path).parent
    dots = len(name) - len(name.lstrip("."))
    if dots:
        yield [here, *here.parents][min(dots - 1, len(here.parents))]
    else:
        yield from dict.fromkeys([here, PurePosixPath()])


def _read(path: str, file: File) -> File | None:
    try:
        return read(path, file.context.sources[path], file.context)
    except UnreadableSourceError:
        return None  # what is in it is not known


def _in_tree(name: str, file: File, depth: int) -> tuple[File, ast.ClassDef] | None:
    place = tree_module(name, file)
    if place is None or len(place[1]) != 1 or not depth:
        return None
    module, (last,) = place
    bound = module.index.scopes[module.module].bindings.get(last, [])
    if (node := _class_in(bound)) is not None:
        return module, node
    handed_on = [b.target for b in bound if isinstance(b, Import)]
    return _in_tree(handed_on[0], module, depth - 1) if handed_on else None


def _class_in(bound: Sequence[Binding]) -> ast.ClassDef | None:
    classes = [b.node for b in bound if isinstance(b, Opaque) and isinstance(b.node, ast.ClassDef)]
    return classes[0] if len(classes) == len(bound) == 1 else None
