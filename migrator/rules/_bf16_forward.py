"""A module's forward pass under bfloat16 autocast, with float32 weights and outputs, as a function of the file."""

from __future__ import annotations

import ast

from migrator.core.edit_imports import ensure_import
from migrator.core.edits import Edit
from migrator.core.file import File
from migrator.rules._definition import define

_NAME = "bf16_forward"
_FUNCTION = '''\
def bf16_forward(self, *args, **kwargs):
    """Run the module's forward under bfloat16 autocast; return its bfloat16 outputs as float32, for the loss."""
    with {torch}.autocast("hpu", dtype={torch}.bfloat16):
        outputs = type(self).forward(self, *args, **kwargs)
    return tree_map(lambda x: x.float() if {torch}.is_tensor(x) and x.dtype == {torch}.bfloat16 else x, outputs)
'''


def wrapping(model: str) -> str:
    """The statement that makes a module run so. It is bound as a method, so that a copy runs its own parameters."""
    return f"{model}.forward = MethodType({_NAME}, {model})"


def is_wrapping(line: str) -> bool:
    """Whether a line needs the function."""
    return f"({_NAME}," in line


def define_forward(file: File, statement: ast.stmt, torch: str) -> list[Edit]:
    """The edits that put the function before `statement`, with the imports it takes; none where it is there."""
    if _NAME in file.index.scopes[file.module].bindings:
        return []
    return [
        define(file, statement, _FUNCTION.format(torch=torch)),
        *ensure_import(file, "from torch.utils._pytree import tree_map"),
        *ensure_import(file, "from types import MethodType"),
    ]
