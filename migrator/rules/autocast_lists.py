"""Advice: code that is kept out of mixed precision, where Gaudi has lists of operators. Changes nothing.

    with torch.autocast("hpu", enabled=False):          @torch.cuda.amp.custom_fwd(cast_inputs=torch.float32)
        loss = criterion(output.float(), target)

What is kept in float32 for float16's sake, whose numbers end at 65504, often need not be in bfloat16, which has the
range of float32; and what needs it can be said by operator, for the whole program, without a cast at each border. Both
change numbers, so it is told of only: each region in code that training runs, and each function that is registered
so. What apex registers (float_function and its kin) is told of where it is ported, by apex-amp and gpu-leftovers.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import keyword
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._device_code import device_code

_AUTOCAST = frozenset({"torch.autocast", "torch.amp.autocast", "torch.cuda.amp.autocast", "torch.hpu.amp.autocast"})
_REGISTERED = frozenset({"torch.cuda.amp.custom_fwd", "torch.amp.custom_fwd"})
_MESSAGE = "this is kept out of mixed precision, which may have been for float16's range"
_ADVICE = (
    "bfloat16 has the range of float32: compare losses without it. Where float32 is needed, {fp32} names a file of"
    " operators that stay in it ({lower} one of those that do not), for the whole program."
)


class AutocastLists(Rule):
    """Advice about regions without autocast."""

    name = "autocast-lists"
    kind = Kind.MODIFIED
    reason = "Lists of operators say what stays in float32."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html"
    needles = (b"autocast", b"custom_fwd")
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Whether the release has autocast, and lists for it."""
        return target.release.mixed_precision == "autocast" and "autocast_fp32_ops" in target.release.env

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All of a file: regions of code that training runs, and functions that are registered."""
        registered = [call for call in file.index.calls if file.called(call) & _REGISTERED]
        regions = [item for found in device_code(file) for item in _items(found.node)]
        spots = [call for call in registered if keyword(call, "cast_inputs") is not None]
        for spot in (*spots, *(item for item in regions if _is_off(item, file))):
            env = file.target.release.env
            advice = _ADVICE.format(fp32=env["autocast_fp32_ops"], lower=env["autocast_lower_precision_ops"])
            yield self.finding(file, spot, _MESSAGE, advice)


def _items(node: ast.AST) -> list[ast.expr]:
    return [item.context_expr for item in node.items] if isinstance(node, ast.With) else []


def _is_off(item: ast.expr, file: File) -> bool:
    """Whether an item of a with statement switches autocast off."""
    if not isinstance(item, ast.Call) or not file.called(item) & _AUTOCAST:
        return False
    given = keyword(item, "enabled")
    first = next(iter(item.args), None) if "torch.cuda.amp.autocast" in file.called(item) else None
    value = given.value if given is not None else first
    return isinstance(value, ast.Constant) and value.value is False
