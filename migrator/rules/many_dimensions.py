"""Advice: permutations of more than five dimensions. Changes nothing.

    x.view(b, h // w, w, h // w, w, c).permute(0, 1, 3, 2, 4, 5)

Most of Gaudi's kernels take five dimensions at most, so a permutation of more is done in parts, or on the host.
Dimensions that stay beside one another can often be one: here b and h // w, and the last w and c, which leaves a
permutation of four. Told of once a statement, also of einops where a pattern names more than five axes.
Source: HabanaAI/Model-References 1.5.0, changelog (swin: permutations of more than five dimensions)
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._device_code import device_code, once_a_statement

_MOST = 5
_PERMUTE = frozenset({"torch.permute"})
_EINOPS = frozenset({"einops.rearrange", "einops.einops.rearrange"})
_LAYERS = re.compile(r"einops\.layers\.torch\.Rearrange$")
_AXIS = re.compile(r"[A-Za-z_]\w*|\.\.\.")
_MESSAGE = "a permutation of {} dimensions, where most of Gaudi's kernels take {}"
_ADVICE = "Make one of dimensions that stay beside one another, with view or reshape, and permute five or fewer."


class ManyDimensions(Rule):
    """Advice about permutations of more than five dimensions."""

    name = "many-dimensions"
    kind = Kind.MODIFIED
    reason = "Most kernels take five dimensions at most."
    source = "https://github.com/HabanaAI/Model-References (1.5.0, changelog)"
    needles = (b"permute", b"earrange")
    nodes = (ast.Module,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All of a file: code that training runs, and layers of einops."""
        layers = (call for call in file.index.calls if any(_LAYERS.match(name) for name in file.called(call)))
        spots = (*(found.node for found in device_code(file)), *layers)
        for call in once_a_statement((spot for spot in spots if _dimensions(spot, file) > _MOST), file):
            yield self.finding(file, call, _MESSAGE.format(_dimensions(call, file), _MOST), _ADVICE)


def _dimensions(call: ast.AST, file: File) -> int:
    """How many dimensions a call permutes."""
    if not isinstance(call, ast.Call):
        return 0
    names = file.called(call)
    if names & _EINOPS or any(_LAYERS.match(name) for name in names):
        patterns = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        return len(set(_AXIS.findall(patterns[0].partition("->")[0]))) if patterns else 0
    is_method = not names and isinstance(call.func, ast.Attribute) and call.func.attr == "permute"
    if not is_method and not names & _PERMUTE:
        return 0
    order = call.args if is_method else call.args[1:]
    if len(order) == 1 and isinstance(order[0], (ast.Tuple, ast.List)):
        order = order[0].elts
    return 0 if any(isinstance(place, ast.Starred) for place in order) else len(order)
