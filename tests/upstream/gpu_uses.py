"""An independent count of GPU-only uses in a Python file: plain ast, names by import alone, nothing of migrator's.

It errs on the side of finding too much: scopes and assignments are not followed, and "cuda" counts wherever it is a
whole string.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

MODULES = ("apex", "amp_C", "apex_C", "pynvml", "cupy", "nvidia", "tensorrt", "pycuda")
NAMES = (
    *("torch.cuda", "torch.backends.cudnn", "torch.backends.cuda", "torch.distributed.ProcessGroupNCCL"),
    *("torch.nn.DataParallel", "torch.nn.parallel.DataParallel", "torch.nn.parallel.data_parallel"),
    *("torch.jit.script", "torch.jit.trace", "torch.jit.save", "torch.jit.load", "torch.jit.ScriptModule"),
    *MODULES,
)
METHODS = frozenset({"cuda", "is_cuda", "get_device"})
TEXT = re.compile(r"cuda(:.*)?|nccl")


def gpu_lines(code: str) -> set[int]:
    """The 1-based lines on which a use begins."""
    module = ast.parse(code)
    bound = dict(_bound(module))
    return {node.lineno for node in ast.walk(module) if isinstance(node, ast.expr | ast.stmt) and _is_use(node, bound)}


def _bound(module: ast.Module) -> Iterator[tuple[str, str]]:
    """What each imported name stands for."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _is_use(node: ast.expr | ast.stmt, bound: dict[str, str]) -> bool:
    if isinstance(node, ast.Import):
        return any(_gpu_only(alias.name) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return any(_gpu_only(f"{node.module}.{alias.name}") for alias in node.names)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and TEXT.fullmatch(node.value) is not None
    if isinstance(node, ast.Attribute) and node.attr in METHODS:
        return True
    return isinstance(node, ast.Name | ast.Attribute) and _gpu_only(_dotted(node, bound))


def _dotted(node: ast.expr, bound: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return bound.get(node.id, "")
    if isinstance(node, ast.Attribute) and (head := _dotted(node.value, bound)):
        return f"{head}.{node.attr}"
    return ""


def _gpu_only(name: str) -> bool:
    return any(name == known or name.startswith(f"{known}.") for known in NAMES)
