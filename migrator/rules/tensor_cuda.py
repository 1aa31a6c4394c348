"""Tensors and modules move with .to("hpu"), and say where they are by their device's type.

    x.cuda(args.gpu, non_blocking=True)             ->  x.to("hpu", non_blocking=True)
    x.is_cuda                                       ->  x.device.type == "hpu"
    torch.cuda.IntTensor([0])                       ->  torch.tensor([0], dtype=torch.int32, device="hpu")
    torch.cuda.FloatTensor(2, 3)                    ->  torch.empty(2, 3, dtype=torch.float32, device="hpu")
    x.type(torch.cuda.HalfTensor)                   ->  x.to("hpu", torch.bfloat16)
    map_location=lambda storage, loc: storage.cuda()  ->  map_location="hpu"

An index goes, because one process on Gaudi holds one card. A typed constructor whose argument is neither a literal
list nor literal sizes stays for a person, and so does a class with a cuda() of its own.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/Porting_PyTorch_Model.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.edits import Edit, Fix
from migrator.core.file import File, SpotMismatchError
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._backend import backend_import, quoted
from migrator.rules._device_context import place_of
from migrator.rules._is_cuda import is_module, is_tensors, on_hpu
from migrator.rules._tensor_types import TYPE_NAME, construct, convert, dtype_of

_OPTIONS = frozenset({"device", "memory_format", "non_blocking"})
_NO_ARGUMENTS = re.compile(rb"cuda\s*\(\s*\)")
_OWN_CUDA = 'Rename it to to(self, device) or let to() do the same: callers now call .to("hpu").'


class TensorCuda(Rule):
    """.cuda() -> .to("hpu"), is_cuda, typed constructors and conversions."""

    name = "tensor-cuda"
    kind = Kind.MODIFIED
    reason = 'There is no .cuda() for Gaudi; .to("hpu") moves to the one card of the process.'
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/Porting_PyTorch_Model.html"
    needles = (b"cuda",)
    nodes = (ast.Call, ast.Attribute, ast.Lambda, ast.Constant, ast.FunctionDef)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """One case a kind of node."""
        if isinstance(node, ast.Call):
            yield from self._call(node, file)
        elif isinstance(node, ast.Lambda):
            if _moves_storage(node):
                yield from self._location(node, file)
        elif isinstance(node, ast.Attribute):
            if node.attr == "is_cuda" and isinstance(node.ctx, ast.Load) and is_tensors(node, file):
                yield self.fix(on_hpu(node, file), reason="A tensor on Gaudi says so by its device's type.")
        elif isinstance(node, ast.FunctionDef):
            if node.name == "cuda" and isinstance(file.parent(node), ast.ClassDef):
                yield self.finding(file, node, "the class has a cuda() of its own", _OWN_CUDA)
        elif isinstance(node, ast.Constant) and TYPE_NAME.fullmatch(str(node.value)) and not _is_conversion(node, file):
            advice = 'Compare or convert by dtype and device: x.to("hpu", torch.float32), x.dtype == torch.float32.'
            yield self.finding(file, node, "names a CUDA tensor type in a string", advice)

    def _call(self, call: ast.Call, file: File) -> Iterator[Fix | Finding]:
        func = call.func
        if dtype := dtype_of(func, file):
            edits = construct(call, dtype, file)
            if edits is not None:
                yield self._fix(file, edits, _typed_reason(func, file))
        elif isinstance(func, ast.Attribute) and not is_module(func.value, file):
            if func.attr == "type" and _is_conversion(call.args[0] if call.args else call, file):
                dtype = dtype_of(call.args[0], file)
                yield self._fix(file, convert(call, dtype, file), _typed_reason(call.args[0], file))
            elif func.attr == "cuda" and not _is_own(call, file):
                yield from self._move(call, file)

    def _move(self, call: ast.Call, file: File) -> Iterator[Fix | Finding]:
        arguments = _rest(call, file)
        if arguments is None:
            advice = 'Call .to("hpu", ...) with the arguments that it takes: dtype, non_blocking, memory_format.'
            yield self.finding(file, call, "calls cuda() with arguments that cannot be read", advice)
            return
        func_end, end = file.source.span(call.func)[1], file.source.span(call)[1]
        start = func_end - len("cuda")
        text = file.source.text[start:end]
        if not text.startswith(b"cuda") or (not (call.args or call.keywords) and not _NO_ARGUMENTS.fullmatch(text)):
            raise SpotMismatchError(call, "cuda(...)", text.decode("utf-8"))
        yield self._fix(file, [Edit(start, end, f"to({', '.join([quoted(file, call, 'hpu'), *arguments])})".encode())])

    def _location(self, function: ast.Lambda, file: File) -> Iterator[Fix | Finding]:
        """map_location=lambda storage, location: storage.cuda(...)."""
        if place_of(function, file) is None:
            advice = 'Give torch.load map_location="hpu" in its place.'
            yield self.finding(file, function, "moves the storage of a checkpoint to a GPU", advice)
            return
        start, end = file.source.span(function)
        yield self._fix(file, [Edit(start, end, quoted(file, function, "hpu").encode())])

    def _fix(self, file: File, edits: list[Edit], reason: str = "") -> Fix:
        return self.fix([*edits, *backend_import(file)], reason=reason)


def _is_own(call: ast.Call, file: File) -> bool:
    """Whether the call hands on to the base class's cuda(), or moves the storage of a checkpoint."""
    functions = (f for f in file.ancestors(call) if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)))
    inside = next(functions, None)
    if isinstance(inside, ast.Lambda):
        return _moves_storage(inside) and inside.body is call
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else call
    is_super = isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Name) and receiver.func.id == "super"
    return is_super and inside is not None and inside.name == "cuda"


def _moves_storage(function: ast.Lambda) -> bool:
    """`lambda storage, location: storage.cuda(...)`."""
    parameters, body = [a.arg for a in function.args.args], function.body
    return (
        len(parameters) == 2
        and isinstance(body, ast.Call)
        and isinstance(body.func, ast.Attribute)
        and body.func.attr == "cuda"
        and isinstance(body.func.value, ast.Name)
        and body.func.value.id == parameters[0]
    )


def _rest(call: ast.Call, file: File) -> list[str] | None:
    """The texts of all arguments but the device, as keywords; None when they are not those of Tensor.cuda."""
    named = {k.arg: k.value for k in call.keywords}
    known = all(name in _OPTIONS for name in named) and len(call.args) <= 2
    if not known or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    if len(call.args) == 2:
        named["non_blocking"] = call.args[1]
    named.pop("device", None)
    return [f"{name}={file.text(value)}" for name, value in named.items()]


def _is_conversion(node: ast.AST, file: File) -> bool:
    """Whether `node` is the only argument of `x.type(...)` and a CUDA tensor type with a known dtype."""
    call = file.parent(node)
    if not isinstance(call, ast.Call) or call.args != [node] or call.keywords:
        return False
    return isinstance(call.func, ast.Attribute) and call.func.attr == "type" and bool(dtype_of(node, file))


def _typed_reason(kind: ast.AST, file: File) -> str:
    reason = "torch.hpu has no such tensor types; dtype and device say the same."
    return reason + (" Half becomes bfloat16." if "Half" in file.text(kind) else "")
