"""Whether a tensor comes from a model that ran in bfloat16: under autocast, or cast to it.

Only what can be followed in one file: assignments, tuples, and methods that keep the type. A result that is not known
to be of floating type, such as one named `labels`, is never said to be bfloat16.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import Enum

from migrator.core.bindings import Assigned
from migrator.core.file import File
from migrator.rules._bf16_regions import is_cast, is_under_autocast

_KEEPS_TYPE = frozenset(
    {
        *("detach", "cpu", "cuda", "hpu", "to", "clone", "contiguous", "squeeze", "unsqueeze", "view", "reshape"),
        *("flatten", "permute", "transpose", "t", "expand", "repeat", "narrow", "index_select", "gather"),
        *("softmax", "log_softmax", "sigmoid", "tanh", "relu", "exp", "abs", "clamp", "mean"),
    }
)
_MODEL = re.compile(
    r"(?i)(model|net|network|module|encoder|decoder|generator|discriminator|critic|backbone)\d*$|forward$"
)
_INTEGERS = re.compile(r"(?i)(^|_)(labels?|targets?|ids?|idx|index|indices|masks?|lengths?|lens?|counts?|preds?_ids)$")


class Verdict(Enum):
    """What is known of a value."""

    BFLOAT16 = "comes out of a model in bfloat16"
    MODEL = "comes out of a model in its own type"
    OTHER = "is of another type"
    UNKNOWN = "nothing"


def verdict(node: ast.AST, file: File) -> Verdict:
    """What is known of the type of a tensor expression."""
    found = {_of_source(source, file) for source in _sources(node, file)}
    if _INTEGERS.search(_name(node)):
        return Verdict.UNKNOWN if Verdict.BFLOAT16 in found else Verdict.OTHER
    if found == {Verdict.BFLOAT16, Verdict.MODEL}:
        return Verdict.BFLOAT16  # as where only one of two branches runs under autocast
    return found.pop() if len(found) == 1 else Verdict.UNKNOWN


def _sources(node: ast.AST, file: File) -> Iterator[ast.AST]:
    """The expressions, none of which keeps its operand's type, that `node` may come from."""
    waiting, seen = [node], {node}
    while waiting:
        current = waiting.pop()
        before = list(_before(current, file))
        if not before:
            yield current
        for value in before:
            if value not in seen:
                seen.add(value)
                waiting.append(value)


def _before(node: ast.AST, file: File) -> Iterator[ast.AST]:
    """What `node` takes its type from."""
    if isinstance(node, ast.Name):
        home = file.index.scope_of[node].find(node.id)
        bound = home.bindings[node.id] if home is not None else []
        if all(isinstance(b, Assigned) for b in bound):
            values = [b.value for b in bound if isinstance(b, Assigned)]
            yield from (v for v in values if node not in ast.walk(v) and not _makes_array(v))
    elif isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and not file.names(node)):
        yield node.value
    elif isinstance(node, ast.BinOp):
        yield from (side for side in (node.left, node.right) if not isinstance(side, ast.Constant))
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Call) and _keeps_type(node, file):
        func = node.func
        is_method = isinstance(func, ast.Attribute) and not file.called(node)
        yield from [func.value] if isinstance(func, ast.Attribute) and is_method else node.args[:1]


def _keeps_type(call: ast.Call, file: File) -> bool:
    """Whether a method, or a function of torch, gives a tensor of its operand's type."""
    names = file.called(call)
    is_known = not names or all(name.startswith("torch.") for name in names)
    return is_known and _last(call.func) in _KEEPS_TYPE and not _names_type(call, file) and not _is_model(call, file)


def _makes_array(value: ast.expr) -> bool:
    """Whether a value is an array already, as in `x = x.numpy()`."""
    func = value.func if isinstance(value, ast.Call) else None
    return isinstance(func, ast.Attribute) and func.attr in ("numpy", "tolist", "item")


def _names_type(call: ast.Call, file: File) -> bool:
    """Whether an argument is a type: `.to(torch.float32)`, `softmax(x, dtype=...)`."""
    named = any(k.arg == "dtype" for k in call.keywords)
    return named or any(name.startswith("torch.") for a in call.args for name in file.names(a))


def _of_source(node: ast.AST, file: File) -> Verdict:
    if isinstance(node, ast.Compare):
        return Verdict.OTHER
    if not isinstance(node, ast.Call):
        return Verdict.UNKNOWN
    if _is_model(node, file):
        in_bf16 = is_under_autocast(node, file) or is_cast(node.func, file)
        return Verdict.BFLOAT16 if in_bf16 else Verdict.MODEL
    if isinstance(node.func, ast.Attribute) and node.func.attr == "bfloat16":
        return Verdict.BFLOAT16
    return Verdict.UNKNOWN if _is_unknown(node, file) else Verdict.OTHER


def _is_unknown(call: ast.Call, file: File) -> bool:
    """Whether a call is neither torch's nor a method: it may be anything of this program or of a library."""
    names = file.called(call)
    is_method = isinstance(call.func, ast.Attribute) and not names
    return not is_method and not any(name.startswith("torch.") for name in names)


def _is_model(call: ast.Call, file: File) -> bool:
    if file.called(call):
        return False
    made = any(name.startswith("torch.nn.") for name in file.origins(call.func))
    return made or bool(_MODEL.search(_last(call.func)))


def _name(node: ast.AST) -> str:
    """The last name of an expression, through the methods that keep its type."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _KEEPS_TYPE:
        node = node.func.value
    if isinstance(node, ast.Subscript):
        key = node.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else _name(node.value)
    return _last(node)


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
