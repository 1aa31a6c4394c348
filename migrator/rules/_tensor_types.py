"""CUDA's tensor types: torch.cuda.FloatTensor and its kin, as constructors and as arguments of .type()."""

from __future__ import annotations

import ast
import re

from migrator.core.edit_arguments import add_argument
from migrator.core.edit_expressions import rename
from migrator.core.edits import Edit
from migrator.core.file import File, SpotMismatchError
from migrator.rules._backend import quoted, torch_name

TYPE_NAME = re.compile(r"torch\.cuda\.(\w+)Tensor")
# Half becomes bfloat16, the 16-bit format that Gaudi's autocast uses. DoubleTensor is left for a person: Gaudi has no
# float64 units. Source: docs.habana.ai PyTorch Support Matrix
_DTYPES = {
    "BFloat16": "bfloat16",
    "Bool": "bool",
    "Byte": "uint8",
    "Char": "int8",
    "Float": "float32",
    "Half": "bfloat16",
    "Int": "int32",
    "Long": "int64",
    "Short": "int16",
}


def dtype_of(node: ast.AST, file: File) -> str:
    """The dtype of a CUDA tensor type, named or spelled as text; an empty string for anything else."""
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    names = {text} if text else file.names(node)
    found = [TYPE_NAME.fullmatch(name) for name in names]
    dtypes = {_DTYPES.get(match[1], "") if match else "" for match in found}
    return dtypes.pop() if len(dtypes) == 1 else ""


def construct(call: ast.Call, dtype: str, file: File) -> list[Edit] | None:
    """The edits that turn a typed constructor into torch.tensor or torch.empty; None when neither is certain."""
    if call.keywords:
        return None
    if len(call.args) == 1 and isinstance(call.args[0], (ast.List, ast.Tuple, ast.ListComp)):
        factory = "tensor"
    elif call.args and all(isinstance(a, ast.Constant) and type(a.value) is int for a in call.args):
        factory = "empty"
    else:
        return None
    name, imports = torch_name(file, call.func)
    options = f"dtype={name}.{dtype}, device={quoted(file, call, 'hpu')}"
    return [rename(file, call.func, f"{name}.{factory}"), add_argument(file, call, options), *imports]


def convert(call: ast.Call, dtype: str, file: File) -> list[Edit]:
    """The edits that turn `x.type(torch.cuda.FloatTensor)` into `x.to("hpu", torch.float32)`."""
    name, imports = torch_name(file, call.args[0])
    start, end = file.source.span(call.func)[1] - len("type"), file.source.span(call)[1]
    if not file.source.text.startswith(b"type", start):
        raise SpotMismatchError(call, "type(...)", file.source.text[start:end].decode("utf-8", "replace"))
    return [Edit(start, end, f"to({quoted(file, call, 'hpu')}, {name}.{dtype})".encode()), *imports]
