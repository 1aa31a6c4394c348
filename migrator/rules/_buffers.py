"""Whether the modules that a file of the tree builds can be shown to have no buffers.

The whole file is looked at, and the files of the tree that it imports: no `register_buffer`, of torch's layers only
those that hold none, and no library that could bring layers of its own.
Source: torch 2.13 torch/nn/modules (which of them call register_buffer)
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from migrator.core.file import File
from migrator.rules._tree_classes import tree_module

_MARKS = (b"register_buffer", b"Buffer(")
_SPEAKING_OF_NO_LAYER = ("functional", "init", "utils", "parallel", "modules")
_WITHOUT = frozenset(
    {
        *("Module", "ModuleList", "ModuleDict", "Sequential", "Parameter", "ParameterList", "ParameterDict"),
        *("Linear", "Bilinear", "Identity", "Embedding", "EmbeddingBag", "MultiheadAttention", "Flatten", "Unflatten"),
        *("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"),
        *("LayerNorm", "GroupNorm", "RMSNorm", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"),
        *("ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "SELU", "GELU", "SiLU", "Mish", "GLU", "Tanh", "Sigmoid"),
        *("Softmax", "LogSoftmax", "Softplus", "Hardtanh", "Hardswish", "Hardsigmoid"),
        *("MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "AdaptiveAvgPool1d"),
        *("AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "Upsample", "PixelShuffle", "RNN", "LSTM", "GRU"),
        *("TransformerEncoder", "TransformerEncoderLayer", "TransformerDecoder", "TransformerDecoderLayer"),
        *("MSELoss", "L1Loss", "SmoothL1Loss", "KLDivLoss", "DataParallel"),
    }
)
_WEIGHTED = frozenset({"CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss"})  # a weight is a buffer
_WEIGHTS = frozenset({"weight", "pos_weight"})
_WITHOUT_LAYERS = frozenset(
    {"numpy", "scipy", "sklearn", "pandas", "h5py", "yaml", "tqdm", "requests", "boto3", "botocore", "tensorflow"}
    | {"habana_frameworks", "torch", "six", "dllogger", "filelock", "packaging", "psutil", "regex", "tokenizers"}
    | {"urlparse", "urllib2", "cPickle", "StringIO", "Queue", "ConfigParser", "pathlib2"}  # Python 2's own
)
_BUILDING = ("torch.ao", "torch.quantization", "torch.hub", "torch.jit.load")  # parts of torch that give whole models


def has_none(file: File, seen: frozenset[str] = frozenset()) -> bool:
    """Whether nothing in the file, and in what it imports from the tree, gives a module a buffer."""
    if any(mark in file.source.text for mark in _MARKS):
        return False
    for name in set(_imported(file)):
        place = tree_module(name, file)
        if place is None and name.lstrip(".").partition(".")[0] not in _WITHOUT_LAYERS | sys.stdlib_module_names:
            return False
        met = seen | {file.path}
        if place is not None and place[0].path not in met and not has_none(place[0], met):
            return False
    return all(_is_harmless(node, file) for node in file.index.nodes)


def _imported(file: File) -> Iterator[str]:
    for node in file.index.nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from (f"{base}.{a.name}" if node.module else f"{base}{a.name}" for a in node.names)


def _is_harmless(node: ast.AST, file: File) -> bool:
    if not isinstance(node, (ast.Name, ast.Attribute)) or isinstance(file.parent(node), ast.Attribute):
        return True
    for name in file.names(node):
        layer = name.removeprefix("torch.nn.").removeprefix("modules.").split(".")
        if name.startswith(_BUILDING):
            return False
        if name.startswith("torch.nn.") and not _holds_none(layer, node, file):
            return False
    return True


def _holds_none(layer: list[str], node: ast.AST, file: File) -> bool:
    if layer[0] in _SPEAKING_OF_NO_LAYER or any(part in _WITHOUT for part in layer):
        return True
    call = file.parent(node)
    plain = isinstance(call, ast.Call) and not call.args and not _WEIGHTS & {k.arg for k in call.keywords}
    return layer[-1] in _WEIGHTED and plain
