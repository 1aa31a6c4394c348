"""What is known of a file that torch.load reads: what this program saved under its path, and where it comes from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.bindings import Assigned
from migrator.core.file import File
from migrator.core.scopes import dotted

_SAVE = frozenset({"torch.save", "torch.serialization.save"})
_NETWORK = re.compile(r"(?i)download|urlopen|urlretrieve|from_url|cached_path|cached_file|requests\.(get|post)|http")
_MODEL = re.compile(r"(?i)(model|net|module)(_?to_save)?$")


def is_downloaded(path: ast.expr, file: File) -> bool:
    """Whether a part of the path, or of the file object, was made by something that says it downloads."""
    return any(_says_network(node, file) for node in _parts(path, file))


def _says_network(node: ast.AST, file: File) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and "://" in node.value
    if not isinstance(node, ast.Call):
        return False
    return any(_NETWORK.search(name) for name in (*file.called(node), _last(node.func)))


def _parts(path: ast.expr, file: File) -> Iterator[ast.AST]:
    """The nodes of an expression, and of what its variables are assigned, and so on."""
    waiting, seen = [path], {path}
    while waiting:
        for node in ast.walk(waiting.pop()):
            yield node
            for value in _values(node, file):
                if value not in seen:
                    seen.add(value)
                    waiting.append(value)


def _values(node: ast.AST, file: File) -> list[ast.expr]:
    if isinstance(node, ast.Attribute):
        return [assigned.value for assigned in file.index.attributes.get(dotted(node), ())]
    home = file.index.scope_of[node].find(node.id) if isinstance(node, ast.Name) else None
    if home is None or not isinstance(node, ast.Name):
        return []
    return [bound.value for bound in home.bindings[node.id] if isinstance(bound, Assigned)]


def holds_only_tensors(path: ast.expr, file: File) -> bool:
    """Whether all that this file of the program saves under the same path is the state_dict of a model."""
    if not _is_one_value(path, file):
        return False
    saved = [obj for obj, where in _saves(file) if _same(where, path, file)]
    return bool(saved) and all(_is_state_dict(obj, file) for obj in saved)


def _saves(file: File) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is saved, and where."""
    for call in file.index.calls:
        if file.called(call) & _SAVE:
            given = {k.arg: k.value for k in call.keywords} | dict(zip(("obj", "f"), call.args, strict=False))
            if "obj" in given and "f" in given:
                yield given["obj"], given["f"]


def _same(one: ast.expr, other: ast.expr, file: File) -> bool:
    """Whether two expressions are written alike and are about the same variables."""
    if ast.dump(one) != ast.dump(other):
        return False
    return all(
        file.index.scope_of[a].find(a.id) is file.index.scope_of[b].find(b.id)
        for a, b in zip(_variables(one), _variables(other), strict=True)
    )


def _is_one_value(path: ast.expr, file: File) -> bool:
    """Whether no variable of the path is bound more than once, so that it always says the same file."""
    homes = [(file.index.scope_of[name].find(name.id), name.id) for name in _variables(path)]
    return all(home is None or len(home.bindings[name]) == 1 for home, name in homes)


def _variables(node: ast.expr) -> list[ast.Name]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Name)]


def _is_state_dict(node: ast.expr, file: File) -> bool:
    if isinstance(node, ast.Name):
        home = file.index.scope_of[node].find(node.id)
        bound = home.bindings[node.id] if home is not None else []
        return len(bound) == 1 and isinstance(bound[0], Assigned) and _is_state_dict_call(bound[0])
    return _is_state_dict_call(Assigned(node))


def _is_state_dict_call(bound: Assigned) -> bool:
    call = bound.value
    if bound.path or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return False
    return call.func.attr == "state_dict" and bool(_MODEL.search(_last(call.func.value)))


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
