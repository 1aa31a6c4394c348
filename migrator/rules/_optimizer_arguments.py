"""The arguments of an optimizer's construction, by name, wherever they are written."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from migrator.core.bindings import Assigned
from migrator.core.file import File


@dataclass(frozen=True)
class Given:
    """What a call passes: values by name, and whether `*` or `**` hide others."""

    values: dict[str, ast.expr]
    spread: frozenset[str]  # names given through `**`, where their dictionary is written in the file
    is_known: bool

    def has(self, name: str) -> bool:
        """Whether the argument is passed in any way."""
        return name in self.values or name in self.spread


def given(call: ast.Call, positional: Sequence[str], file: File) -> Given:
    """Match the arguments of `call` to names; `positional` are those of the parameters in order."""
    values = dict(zip(positional, call.args, strict=False))
    values |= {k.arg: k.value for k in call.keywords if k.arg}
    spreads = [_keys(k.value, file) for k in call.keywords if k.arg is None]
    hidden = any(isinstance(a, ast.Starred) for a in call.args) or len(call.args) > len(positional)
    spread = frozenset(key for keys in spreads for key in keys or ())
    return Given(values, spread, not hidden and None not in spreads)


def _keys(node: ast.expr, file: File) -> set[str] | None:
    """The keys of a dictionary written as `{...}` or `dict(...)`, also one with a name; None where that is unknown."""
    if isinstance(node, ast.Name):
        scope = file.index.scope_of[node].find(node.id)
        bindings = scope.bindings[node.id] if scope else []
        only = bindings[0] if len(bindings) == 1 else None
        whole = isinstance(only, Assigned) and not only.path and not _is_changed(node.id, file)
        return _keys(only.value, file) if isinstance(only, Assigned) and whole else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        return {k.arg or "" for k in node.keywords} if all(k.arg for k in node.keywords) else None
    if isinstance(node, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        return {str(key) for key in keys} if all(isinstance(key, str) for key in keys) else None
    return None


def _is_changed(name: str, file: File) -> bool:
    """Whether anything is done to the dictionary besides reading it: `kw["x"] = 1`, `kw.update(...)`."""
    parents = [file.parent(use) for use in file.uses(name)]
    stored = any(isinstance(p, ast.Subscript) and not isinstance(p.ctx, ast.Load) for p in parents)
    return stored or any(isinstance(p, ast.Attribute) for p in parents)
