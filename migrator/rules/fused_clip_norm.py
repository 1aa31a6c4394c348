"""Gradient clipping by one kernel, with the largest norm kept on the device.

    for batch in loader:                              fused_clip_norm = FusedClipNorm(model.parameters(), 1.0)
        ...                                       ->  for batch in loader:
        clip_grad_norm_(model.parameters(), 1.0)          ...
                                                          fused_clip_norm.clip_norm(model.parameters())

Where the returned norm is not used, the norm is the 2-norm, and neither the parameters nor the largest norm change in
the loop. It is built once, before the outermost loop of which that is true, under the tests that the call stands under
as far as the loop changes nothing of them: a norm that is None is never asked for. Anything else stays, with a finding.

FusedClipNorm takes generators, skips parameters without gradients, and holds the largest norm in the type of the first
parameter; models cast to 16 bits stay. It divides the largest norm by the norm + 1e-6 where torch multiplies by the
reciprocal: for 1.0 the gradients are the same to the last bit, for others they may differ by two units in it. An
import of torch's function that this leaves without a use goes. Before release 1.9 the class may keep the gradients that
it saw first, which are others after zero_grad(set_to_none=True): nothing changes there.
Source: HabanaAI/gaudi-pytorch-bridge 1.19.0, hpex/normalization/FusedClipNorm.py and
hpu_ops/backend/fused_clip_norm_gen.cpp; Model-References 1.9.0, whose BERT builds it before the loop
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import Argument, arguments
from migrator.core.edit_blocks import insert_block_before
from migrator.core.edit_calls import remove_arguments
from migrator.core.edit_imports import bound_as, ensure_import
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._clip_calls import EACH_TURN, NAMES, Clip, clips
from migrator.rules._unread_imports import without_unread

_MODULE = "habana_frameworks.torch.hpex.normalization"
_SINCE = (1, 9)
_ADVICE = (
    "Build FusedClipNorm(parameters, max_norm) of habana_frameworks.torch.hpex.normalization once, after the model, "
    "and call its clip_norm(parameters) here."
)
_ONE_NORM = (
    "FusedClipNorm clips all gradients by one norm in one kernel. That is another clipping: look which is meant, and "
    "whether training stays as good."
)


class FusedClipNorm(Rule):
    """Gaudi's FusedClipNorm takes the place of clip_grad_norm_."""

    name = "fused-clip-norm"
    kind = Kind.MODIFIED
    reason = "One kernel clips all gradients, and the largest norm stays on the device."
    source = "https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Optimization_in_PyTorch_Models.html"
    needles = (b"clip_grad_norm_",)
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Whether the release's class looks at the gradients anew each time."""
        return target.release.version >= _SINCE

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All calls of the file, so that those with the same arguments share what is built."""
        names: dict[tuple[ast.AST, ...] | tuple[object, ...], str] = {}
        for clip in clips(file):
            if isinstance(clip, Clip):
                key = (clip.loop, ast.unparse(clip.parameters), ast.unparse(clip.max_norm), clip.guard)
                name = names.setdefault(key, "") or _free_name(file, set(names.values()))
                names[key] = name
                yield self.fix(_edits(clip, name, file))
            else:
                advice = _ONE_NORM if clip[1] == EACH_TURN else _ADVICE
                yield self.finding(file, clip[0], f"clip_grad_norm_ stays: {clip[1]}", advice)
        if any(f"{_MODULE}.FusedClipNorm" in file.called(call) for call in file.index.calls):
            yield self.fix(without_unread(file, NAMES))


def _free_name(file: File, taken: set[str]) -> str:
    """A name that nothing in the file has."""
    used = taken | {n.id for n in file.index.nodes if isinstance(n, ast.Name)}
    used |= {name for scope in file.index.scopes.values() for name in scope.bindings}
    number = 1
    while (name := "fused_clip_norm" if number == 1 else f"fused_clip_norm_{number}") in used:
        number += 1
    return name


def _edits(clip: Clip, name: str, file: File) -> list[Edit]:
    made = bound_as(file, f"{_MODULE}.FusedClipNorm")
    built = f"{name} = {made or 'FusedClipNorm'}({_text(clip.parameters, file)}, {_text(clip.max_norm, file)})"
    if clip.guard:
        built = f"if {clip.guard}:\n    {built}"
    start, end = file.source.span(clip.call.func)
    unwanted: list[Argument] = [
        a for a in arguments(clip.call) if (a.value if isinstance(a, ast.keyword) else a) is not clip.parameters
    ]
    edits = [Edit(start, end, f"{name}.clip_norm".encode()), *remove_arguments(file, clip.call, unwanted)]
    edits.append(insert_block_before(file, clip.loop, built))
    return edits if made else [*edits, *ensure_import(file, f"from {_MODULE} import FusedClipNorm")]


def _text(node: ast.expr, file: File) -> str:
    """An expression in one line."""
    text = file.text(node)
    return text if len(text.splitlines()) == 1 else ast.unparse(node)
