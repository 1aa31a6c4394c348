"""Whether anything reads a name: code, annotations written as text, or other files through `__all__`."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from migrator.core.file import File
from migrator.core.scopes import Scope

_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__", "__spec__"}


def scope_around(statement: ast.stmt, file: File) -> Scope:
    """The scope in which a statement binds its names."""
    return next(file.index.scopes[node] for node in file.ancestors(statement) if node in file.index.scopes)


def is_read(name: str, scope: Scope, file: File) -> bool:
    """Whether anything reads the `name` that `scope` binds."""
    reads = (n for n in file.uses(name) if not isinstance(n.ctx, ast.Store))
    if any(file.index.scope_of[n].find(name) is scope for n in reads):
        return True
    return name in _exported(file) or name in _in_annotations(file)


def has_unknown_names(file: File) -> bool:
    """Whether a name is used that nothing visible binds, so that a star import may."""
    names = (node for node in file.index.nodes if isinstance(node, ast.Name))
    return any(file.index.scope_of[n].find(n.id) is None and n.id not in _BUILTINS for n in names)


def _exported(file: File) -> set[object]:
    """The names in `__all__`."""
    values = (n.value for n in file.module.body if isinstance(n, (ast.Assign, ast.AugAssign)) and _is_all(n))
    return {n.value for value in values for n in ast.walk(value) if isinstance(n, ast.Constant)}


def _is_all(statement: ast.Assign | ast.AugAssign) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def _in_annotations(file: File) -> set[str]:
    """The names in annotations that are written as text."""
    texts = (n.value for a in _annotations(file) for n in ast.walk(a) if isinstance(n, ast.Constant))
    return {name for text in texts if isinstance(text, str) for name in _names_in(text)}


def _annotations(file: File) -> Iterator[ast.expr]:
    for node in file.index.nodes:
        for field in ("annotation", "returns"):
            if isinstance(annotation := getattr(node, field, None), ast.expr):
                yield annotation


def _names_in(text: str) -> set[str]:
    try:
        parsed = ast.parse(text, mode="eval")
    except SyntaxError:
        return set()  # a text inside Literal or Annotated, which names nothing
    return {node.id for node in ast.walk(parsed) if isinstance(node, ast.Name)}
