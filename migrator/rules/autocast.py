"""CUDA's autocast -> torch.autocast of the hpu device, in bfloat16.

    torch.cuda.amp.autocast(args.amp)          ->  torch.autocast("hpu", dtype=torch.bfloat16, enabled=args.amp)
    torch.autocast("cuda", dtype=torch.half)   ->  torch.autocast("hpu", dtype=torch.bfloat16)
    @torch.cuda.amp.custom_fwd                 ->  @torch.amp.custom_fwd(device_type="hpu")      torch 2.4 and newer

`enabled` and the other arguments stay. float16 needs loss scaling and bfloat16 does not, so an explicit float16
becomes bfloat16. Where the device is a variable only the dtype is looked at.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import keyword
from migrator.core.edit_calls import add_first_argument, name_arguments
from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._torch import only, spell

_CUDA = frozenset({"torch.cuda.amp.autocast", "torch.cuda.amp.autocast_mode.autocast"})
_ANY = frozenset({"torch.autocast", "torch.amp.autocast", "torch.amp.autocast_mode.autocast"})
_CUSTOM = {
    f"torch.cuda.amp.{module}{name}": f"torch.amp.{name}"
    for module in ("", "autocast_mode.")
    for name in ("custom_fwd", "custom_bwd")
}
_HALF = frozenset({"torch.float16", "torch.half"})
_PARAMETERS = ("enabled", "dtype", "cache_enabled")  # of torch.cuda.amp.autocast
_CUSTOM_SINCE = (2, 4)  # torch that has torch.amp.custom_fwd: https://docs.pytorch.org/docs/2.13/amp.html


class Autocast(Rule):
    """Mixed precision on hpu is bfloat16 under torch.autocast."""

    name = "autocast"
    kind = Kind.MODIFIED
    reason = "Mixed precision on Gaudi is torch.autocast with device type hpu in bfloat16."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html"
    needles = (b"autocast", b"custom_fwd", b"custom_bwd")
    nodes = (ast.Call, ast.Name, ast.Attribute)

    def applies(self, target: Target) -> bool:
        """Releases before 1.8 have another mixed precision."""
        return target.release.mixed_precision == "autocast"

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A construction of an autocast context, or custom_fwd and custom_bwd in any use."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            names = file.names(node)
            if only(names, frozenset(_CUSTOM)) and isinstance(node.ctx, ast.Load):
                yield from self._custom(node, _CUSTOM[min(names)], file)
        elif isinstance(node, ast.Call) and only(file.called(node), _CUDA):
            yield self.fix(_from_cuda(node, file))
        elif isinstance(node, ast.Call) and only(file.called(node), _ANY):
            yield self.fix([*_device(node, file), *_dtype(_dtype_on_device(node), file)])

    def _custom(self, node: ast.expr, name: str, file: File) -> Iterator[Fix | Finding]:
        if file.target.release.torch_version < _CUSTOM_SINCE:
            return  # the rule gpu-leftovers says what to do
        spelled, imports = spell(file, name)
        call = file.parent(node)
        if not isinstance(call, ast.Call) or call.func is not node:
            if node in getattr(call, "decorator_list", ()):
                yield self.fix([replace(file, node, f'{spelled}(device_type="hpu")'), *imports])
            return
        given = keyword(call, "cast_inputs")
        edits = [replace(file, node, spelled), *imports, *_dtype(given.value if given else None, file)]
        yield self.fix([*edits, *_custom_device(call, file)])


def _custom_device(call: ast.Call, file: File) -> list[Edit]:
    """`device_type` can only be named: after the function where that is given, else first."""
    if not call.args:
        return [add_first_argument(file, call, 'device_type="hpu"')]
    end = file.source.span(call.args[-1])[1]
    return [Edit(end, end, b', device_type="hpu"')]


def _from_cuda(call: ast.Call, file: File) -> list[Edit]:
    spelled, edits = spell(file, "torch.autocast")
    bfloat16, _ = spell(file, "torch.bfloat16")
    dtype = _given(call, 1, "dtype")
    first = '"hpu"' if dtype else f'"hpu", dtype={bfloat16}'
    return [
        replace(file, call.func, spelled),
        *edits,
        add_first_argument(file, call, first),
        *name_arguments(file, call, _PARAMETERS, after=0),
        *_dtype(dtype, file),
    ]


def _given(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """The value of an argument, positional or named."""
    if len(call.args) > position:
        return call.args[position]
    found = keyword(call, name)
    return found.value if found else None


def _device(call: ast.Call, file: File) -> list[Edit]:
    """ "cuda" -> "hpu" in the device's argument; with it the dtype, where none is given."""
    device = _given(call, 0, "device_type")
    found = [n for n in ast.walk(device) if isinstance(n, ast.Constant) and n.value == "cuda"] if device else []
    edits: list[Edit] = []
    for constant in found:
        quote = file.text(constant)[0]
        file.check(constant, f"{quote}cuda{quote}")
        edits.append(replace(file, constant, f"{quote}hpu{quote}"))
    if device in found and _given(call, 1, "dtype") is None and device is not None:
        bfloat16, imports = spell(file, "torch.bfloat16")
        end = file.source.span(device)[1]
        edits += [Edit(end, end, f", dtype={bfloat16}".encode()), *imports]
    return edits


def _dtype_on_device(call: ast.Call) -> ast.expr | None:
    """The dtype's argument, unless the context is for another device, such as the CPU."""
    device = _given(call, 0, "device_type")
    elsewhere = isinstance(device, ast.Constant) and device.value not in ("cuda", "hpu")
    return None if elsewhere else _given(call, 1, "dtype")


def _dtype(value: ast.expr | None, file: File) -> list[Edit]:
    """float16 -> bfloat16 in the dtype's argument, also in a choice between dtypes."""
    bfloat16, _ = spell(file, "torch.bfloat16")
    nodes = ast.walk(value) if value else ()
    return [replace(file, node, bfloat16) for node in nodes if isinstance(node, ast.expr) and _is_half(node, file)]


def _is_half(node: ast.expr, file: File) -> bool:
    return only(file.names(node), _HALF)
