"""Where a copy goes: whether the argument of `to` is the device, as far as the file tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.bindings import Assigned
from migrator.core.edit_arguments import keyword
from migrator.core.file import File

_ON_DEVICE = re.compile(r"(hpu|cuda)\b")  # "cuda" in the style in which CUDA's names stay
_NAMED_SO = re.compile(r"(?i)(^|_)device$")
_ELSEWHERE = re.compile(r"(?i)cpu|host")


def target_of(call: ast.Call) -> ast.expr | None:
    """The destination that a call of `to` names."""
    if call.args:
        return call.args[0]
    given = keyword(call, "device")
    return given.value if given is not None else None


def is_device(target: ast.expr, file: File) -> bool:
    """Whether a destination is the device on some path; a name such as `device` that nothing contradicts is.

    A device that is a GPU or else the CPU counts: where it is the CPU, all tensors of the program are there.
    """
    texts = list(_texts(target, file, set()))
    if texts:
        return any(_ON_DEVICE.match(text) for text in texts)
    name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
    return bool(_NAMED_SO.search(name)) and not _ELSEWHERE.search(name)


def _texts(node: ast.expr, file: File, seen: set[ast.expr]) -> Iterator[str]:
    """The texts that may name the device."""
    if node in seen:
        return
    seen.add(node)
    if isinstance(node, ast.Constant):
        yield from [node.value] if isinstance(node.value, str) else []
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, file, seen)
        yield from _texts(node.orelse, file, seen)
    elif isinstance(node, ast.Call):
        if "torch.device" in file.called(node) and node.args:
            yield from _texts(node.args[0], file, seen)
    else:
        for value in _values(node, file):
            yield from _texts(value, file, seen)


def _values(node: ast.expr, file: File) -> Iterator[ast.expr]:
    """What a name may hold: what is assigned to it here, and the devices that functions of the file return."""
    yield from file.makers(node)
    if isinstance(node, ast.Name):
        home = file.index.scope_of[node].find(node.id)
        bound = home.bindings[node.id] if home is not None else []
        yield from (b.value for b in bound if isinstance(b, Assigned) and not b.path)
