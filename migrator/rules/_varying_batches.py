"""Batches that are as long as the longest of their samples: collations that pad to it, and tokenizers told to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.edit_arguments import keyword
from migrator.core.file import File
from migrator.core.scopes import dotted
from migrator.rules._batch_parts import is_builtin
from migrator.rules._collation import argument, definition, is_readable
from migrator.rules._loader_batches import LOADERS
from migrator.rules._tree_classes import built_class

_COLLATES = re.compile(r"collat|pad_batch", re.IGNORECASE)
_TOKENIZES = re.compile(r"tokenizer|tokenize|processor|feature_extractor|batch_encode_plus|^pad$", re.IGNORECASE)
_PADS = frozenset({"torch.nn.utils.rnn.pad_sequence", "torch.nn.utils.rnn.pack_sequence"})
_COLLATORS = re.compile(r"transformers\.(\w+\.)*DataCollator(WithPadding|For(Seq2Seq|TokenClassification))$")
_LENGTHS = frozenset({"size", "shape"})
_NAMED_LENGTHS = re.compile(r"(^|_)len(gth)?s?$", re.IGNORECASE)
_FINDS_LONGEST = re.compile(r"max_?len|longest", re.IGNORECASE)
Definition = ast.FunctionDef | ast.ClassDef


def padded_to_longest(file: File) -> Iterator[ast.expr]:
    """The first place in each collation that pads to the longest sample, and the calls that have a library do so."""
    for collation in _collations(file):
        parts = (node for node in ast.walk(collation) if isinstance(node, ast.expr))
        spots = sorted((p for p in parts if _pads(p, file)), key=lambda p: (p.lineno, p.col_offset))
        yield from spots[:1]
    for call in file.index.calls:
        if _library_pads(call, file):
            yield call


def _collations(file: File) -> list[Definition]:
    """The functions and classes that put batches together: their names say so, or a DataLoader takes them."""
    named = [n for n in file.index.nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and _COLLATES.search(n.name)]
    found: dict[Definition, None] = dict.fromkeys(named)
    for call in file.index.calls:
        given = argument(call, "collate_fn") if file.called(call) & LOADERS and is_readable(call) else None
        if given is not None:
            found |= dict.fromkeys(_defined(given, file))
    return [each for each in found if not any(above in found for above in file.ancestors(each))]


def _defined(given: ast.expr, file: File) -> Iterator[Definition]:
    if (function := definition(given, file)) is not None:
        yield function
    for maker in file.makers(given):
        place = built_class(maker, file)
        if place is not None and place[0] is file:
            yield place[1]


def _pads(node: ast.expr, file: File) -> bool:
    """Whether an expression is the length of the longest sample, or pads to it."""
    if not isinstance(node, ast.Call):
        return False
    is_max = is_builtin(node.func, {"max"}, file) or "torch.max" in file.called(node)
    if is_max or file.called(node) & _PADS:
        return not is_max or (len(node.args) == 1 and _are_lengths(node.args[0]))
    if isinstance(node.func, ast.Attribute) and node.func.attr == "max" and not node.args:
        return _are_lengths(node.func.value)
    return definition(node.func, file) is not None and bool(_FINDS_LONGEST.search(dotted(node.func)))


def _are_lengths(values: ast.expr) -> bool:
    """Whether values are the lengths of samples: `len(x) for x in batch`, `map(len, batch)`, `x.size(1) for ...`."""
    if isinstance(values, ast.Name):
        return bool(_NAMED_LENGTHS.search(values.id))
    if isinstance(values, ast.Call) and isinstance(values.func, ast.Name) and values.func.id == "map" and values.args:
        return isinstance(values.args[0], ast.Name) and values.args[0].id == "len"
    if not isinstance(values, (ast.GeneratorExp, ast.ListComp, ast.SetComp)):
        return False
    inner = list(ast.walk(values.elt))
    is_len = any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "len" for n in inner)
    return is_len or any(isinstance(n, ast.Attribute) and n.attr in _LENGTHS for n in inner)


def _library_pads(call: ast.Call, file: File) -> bool:
    """Whether a tokenizer, or a collator of transformers, pads to the longest sample of each batch."""
    padding, multiple = keyword(call, "padding"), keyword(call, "pad_to_multiple_of")
    value = padding.value.value if padding is not None and isinstance(padding.value, ast.Constant) else None
    is_multiple = multiple is not None and not (isinstance(multiple.value, ast.Constant) and not multiple.value.value)
    if any(_COLLATORS.match(name) for name in file.called(call)):
        return not is_multiple and (padding is None or value is True or value == "longest")
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return not is_multiple and (value == "longest" or (value is True and bool(_TOKENIZES.search(last))))
