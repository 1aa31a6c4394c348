"""apex's kernels on lists of tensors -> torch's functions on lists.

    norm, _ = multi_tensor_applier(amp_C.multi_tensor_l2norm, buffer, [grads], False)
        ->  norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm([t.detach().float() for t in grads])), ...)
    amp_C.multi_tensor_scale(65536, buffer, [source, target], factor)
        ->  with torch.no_grad():
                torch._foreach_copy_(target, torch._foreach_mul([t.float() for t in source], factor))
    if multi_tensor_applier.available: ... else: raise   ->  (its first way; one that has a real second takes that)

The arithmetic is float32 and the result of its own type, as in the kernels. Kernels are also found in attributes
(`self.scale = amp_C.multi_tensor_scale`); names of kernels and overflow buffers that nothing else reads go. What is no
finite number is not looked for: that served loss scaling, which bfloat16 does not need.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html; the kernels in
https://github.com/NVIDIA/apex/tree/master/csrc
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from migrator.core.edit_fold import fold
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._known_tests import Known, known
from migrator.rules._tensor_list_holders import unused_buffers, unused_holders
from migrator.rules._tensor_lists import APPLIER, Launch, kernel_of, launches, rewritten
from migrator.rules._torch import only, spell

_AVAILABLE = frozenset({f"{APPLIER}.available"})
_WAY = "apex's kernels are not there on Gaudi: code that has another way takes it, code that has none uses torch's."


class ApexMultiTensor(Rule):
    """torch's functions on lists of tensors take the place of apex's kernels."""

    name = "apex-multi-tensor"
    kind = Kind.MODIFIED
    reason = (
        "The kernel is CUDA code; torch computes the same in float32. Overflow is not looked for: bfloat16 has none."
    )
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html"
    needles = (b"multi_tensor", b"amp_C")
    nodes = (ast.Module, ast.If)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All calls of the file at once, since they share buffers; tests of whether the kernels are there singly."""
        if isinstance(node, ast.Module):
            yield self.fix(_edits(file))
        elif isinstance(node, ast.If) and (taken := _taken(node, file)) is not None:
            folded = fold(file, node, taken=taken)
            yield self.fix(folded.edits, reindents=folded.reindents, reason=_WAY)


def _edits(file: File) -> list[Edit]:
    torch, imports = spell(file, "torch")
    done: list[Launch] = []
    edits: list[Edit] = []
    for launch in launches(file):
        if (new := rewritten(launch, torch, file)) is not None:
            done.append(launch)
            edits += new
    gone = {node for launch in done for node in ast.walk(launch.call)}
    unused = [*unused_holders(file, gone), *unused_buffers(file, done)]
    return [*edits, *(imports if edits else []), *remove_all(file, unused)]


def _taken(block: ast.If, file: File) -> bool | None:
    """Which way an `if` about the kernels goes: the one without them where it does something; None for other tests."""

    def when(there: bool) -> Known | None:
        def lookup(node: ast.expr) -> Known | None:
            return Known(there) if only(file.names(node), _AVAILABLE) else None

        return known(block.test, lookup, file)

    with_them, without = when(True), when(False)
    if with_them is None or without is None or bool(with_them.value) == bool(without.value):
        return None
    fallback = block.body if without.value else block.orelse
    if fallback and not isinstance(fallback[-1], ast.Raise):
        return bool(without.value)
    return bool(with_them.value) if _all_known(file) else None


def _all_known(file: File) -> bool:
    """Whether every kernel that the file uses is one that can be written in torch's functions."""
    torch = spell(file, "torch")[0]
    done = [launch.call for launch in launches(file) if rewritten(launch, torch, file) is not None]
    parts: Sequence[ast.AST] = [node for call in done for node in ast.walk(call)]
    calls = (c for c in file.index.calls if c not in done)
    return not any(kernel_of(part, file) for call in calls for part in (call.func, *call.args) if part not in parts)
