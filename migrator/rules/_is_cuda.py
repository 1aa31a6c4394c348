"""Whether a tensor is on the device: x.is_cuda -> x.device.type == "hpu"."""

from __future__ import annotations

import ast

from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError
from migrator.rules._backend import quoted

_MODULES = frozenset({"cupy", "numba", "pycuda", "torch"})
_BINDS_TIGHTER = (ast.Compare, ast.BinOp, ast.UnaryOp, ast.Attribute, ast.Subscript, ast.Starred)


def is_module(receiver: ast.expr, file: File) -> bool:
    """Whether what `.cuda` or `.is_cuda` is asked of is a package of its own, no tensor."""
    return any(name.partition(".")[0] in _MODULES for name in file.names(receiver))


def is_tensors(node: ast.Attribute, file: File) -> bool:
    """Whether `is_cuda` is torch's: no module's, and nothing that this file itself defines."""
    own = any(key.endswith(".is_cuda") for key in file.index.attributes)
    defined = any(isinstance(n, ast.FunctionDef) and n.name == "is_cuda" for n in file.index.nodes)
    return not own and not defined and not is_module(node.value, file)


def on_hpu(node: ast.Attribute, file: File) -> list[Edit]:
    """`x.is_cuda` -> `x.device.type == "hpu"`, `not x.is_cuda` -> `x.device.type != "hpu"`."""
    start, end = file.source.span(node)
    at = end - len("is_cuda")
    if file.source.text[at:end] != b"is_cuda":
        raise SpotMismatchError(node, "is_cuda", file.text(node))
    edits, sign, above = [], "==", file.parent(node)
    whole: ast.AST = node
    if isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.Not):
        outer = file.source.span(above)[0]
        if file.source.text[outer:start].strip() == b"not":
            edits, sign, whole = [Edit(outer, start, b"")], "!=", above
    text = f"device.type {sign} {quoted(file, node, 'hpu')}"
    if isinstance(file.parent(whole), _BINDS_TIGHTER) and not _in_parentheses(whole, file):
        edits = [Edit(edits[0].start if edits else start, start, b"(")]
        text += ")"
    return [*edits, Edit(at, end, text.encode())]


def _in_parentheses(node: ast.AST, file: File) -> bool:
    start, end = file.source.span(node)
    return file.source.text[:start].rstrip().endswith(b"(") and file.source.text[end:].lstrip().startswith(b")")
