"""Devices spelled as text: "cuda", "cuda:0", f"cuda:{rank}", "cuda:{}".format(i), "cuda:" + str(i) -> "hpu".

    device = torch.device("cuda", args.local_rank)      ->  torch.device("hpu")
    torch.load(path, map_location=f"cuda:{rank}")       ->  torch.load(path, map_location="hpu")
    parser.add_argument("--device", default="cuda")     ->  ...default="hpu"
    if args.device == "cuda":                           ->  if args.device == "hpu":

Only where the text is a device: what torch takes as one, and names, options, parameters and keys that end in
"device". Any other string keeps its text. An index goes, because one process on Gaudi holds one card.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/Porting_PyTorch_Model.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import keyword, remove_argument
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._backend import backend_import
from migrator.rules._device_context import Place, place_of
from migrator.rules._device_text import branches, has_index, is_device_text, respell

_DROPPED = " The index is dropped: one process holds one card."


class DeviceStrings(Rule):
    """cuda -> hpu in strings that are devices."""

    name = "device-strings"
    kind = Kind.MODIFIED
    reason = 'The device of Gaudi is called "hpu".'
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/Porting_PyTorch_Model.html"
    needles = (b"cuda",)
    nodes = (ast.Call, ast.Constant, ast.JoinedStr, ast.BinOp, ast.Dict)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A device's text, torch.device with an index of its own, or a table of checkpoint locations."""
        if isinstance(node, ast.Call) and (index := _index_of(node, file)) is not None:
            yield from self._device_call(node, index, file)
        elif isinstance(node, ast.Dict):
            yield from self._locations(node, file)
        elif isinstance(node, ast.expr) and is_device_text(node) and not _belongs_to_call(node, file):
            yield from self._text(node, file)

    def _text(self, node: ast.expr, file: File) -> Iterator[Fix | Finding]:
        place = place_of(node, file)
        if place is None:
            return
        indexed = has_index(node)
        if place is Place.COMPARED and indexed:
            yield self.finding(
                file,
                node,
                "compares a device with the text of a GPU's index",
                'A tensor on Gaudi says "hpu:0", an option says "hpu"; compare device.type with "hpu" instead.',
            )
            return
        new = "hpu:0" if indexed and _is_compared(node, file) else "hpu"
        reason = self.reason + (_DROPPED if indexed and new == "hpu" else "")
        yield self._fix(file, [respell(file, node, new)], reason, loads=place is Place.USED)

    def _device_call(self, call: ast.Call, index: ast.expr | ast.keyword, file: File) -> Iterator[Fix]:
        """torch.device("cuda", rank): the text and the index together."""
        texts = [value for value in branches(_type_of(call)) if is_device_text(value)]
        edits = [respell(file, text, "hpu") for text in texts]
        if _is_compared(call.args[0] if call.args else call.keywords[0].value, file):
            value = index.value if isinstance(index, ast.keyword) else index
            start, end = file.source.span(value)
            yield self._fix(file, [*edits, Edit(start, end, b"0")], self.reason, loads=True)
        else:
            yield self._fix(file, [*edits, remove_argument(file, call, index)], self.reason + _DROPPED, loads=True)

    def _locations(self, table: ast.Dict, file: File) -> Iterator[Fix | Finding]:
        """map_location={"cuda:0": f"cuda:{rank}"}: one place for all, so a plain device says it."""
        if not table.keys or not all(key is not None and is_device_text(key) for key in table.keys):
            return
        if place_of(table, file) is None:
            return
        if all(is_device_text(value) for value in table.values):
            yield self._fix(file, [_single(file, table, "hpu")], self.reason + _DROPPED, loads=True)
        elif all(isinstance(value, ast.Constant) and value.value == "cpu" for value in table.values):
            yield self._fix(file, [_single(file, table, "cpu")], "A checkpoint of Gaudi names no GPU.", loads=False)
        else:
            advice = 'Give torch.load one device: map_location="hpu" or "cpu".'
            yield self.finding(file, table, "maps the GPUs of a checkpoint to other devices", advice)

    def _fix(self, file: File, edits: list[Edit], reason: str, *, loads: bool) -> Fix:
        return self.fix([*edits, *(backend_import(file) if loads else [])], reason=reason)


def _single(file: File, table: ast.Dict, device: str) -> Edit:
    """One device in place of a table of them, in the quotes of its first key."""
    start, end = file.source.span(table)
    new = respell(file, next(key for key in table.keys if key is not None), device).new
    return Edit(start, end, new)


def _type_of(call: ast.Call) -> ast.expr:
    """The first parameter of torch.device."""
    named = keyword(call, "type") or keyword(call, "device")
    return call.args[0] if call.args else named.value if named else call.func


def _index_of(call: ast.Call, file: File) -> ast.expr | ast.keyword | None:
    """The index of a torch.device(...) whose type is a CUDA device's text."""
    if "torch.device" not in file.called(call):
        return None
    if not any(is_device_text(value) for value in branches(_type_of(call))):
        return None
    return call.args[1] if len(call.args) > 1 else keyword(call, "index")


def _belongs_to_call(node: ast.AST, file: File) -> bool:
    """Whether the text is part of a torch.device(...) with an index, or a key or value of a table, done as a whole."""
    above = next((a for a in file.ancestors(node) if not isinstance(a, (ast.IfExp, ast.BoolOp, ast.keyword))), None)
    return isinstance(above, ast.Call) and node is not above.func and _index_of(above, file) is not None


def _is_compared(node: ast.AST, file: File) -> bool:
    """Whether the text makes a torch.device that is compared with a tensor's, which has an index."""
    call = next((a for a in file.ancestors(node) if not isinstance(a, ast.keyword)), None)
    makes = isinstance(call, ast.Call) and "torch.device" in file.called(call)
    return makes and isinstance(file.parent(call), ast.Compare) if call is not None else False
