"""apex's FP16_Optimizer -> the optimizer in it; the model it was for runs under bfloat16 autocast.

    optimizer = FP16_Optimizer(optimizer, dynamic_loss_scale=True)  ->  (removed)
    optimizer.backward(loss)                                        ->  loss.backward()
    optimizer.clip_master_grads(1.0)          ->  torch.nn.utils.clip_grad_norm_([...], 1.0)
    optimizer.update_master_grads()           ->  (removed)
    optimizer.loss_scale, optimizer.overflow  ->  1.0, False
    model.half()                              ->  model.forward = MethodType(bf16_forward, model)

The wrapper scales losses, which bfloat16 does not need, and keeps float32 copies of the weights of a float16 model.
Under autocast the weights are float32 themselves, so the model is not shortened: its forward pass runs in bfloat16 by a
function that is added to the file, as for `amp.initialize`. A test for the class is settled: nothing is of it.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html;
https://github.com/NVIDIA/apex/blob/22.04-dev/apex/fp16_utils/fp16_optimizer.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_expressions import replace
from migrator.core.edit_fold import fold
from migrator.core.edit_removal import remove_all
from migrator.core.edit_statements import replace_statement
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._bf16_forward import define_forward, wrapping
from migrator.rules._fp16_models import WRAPPERS, halved_models
from migrator.rules._fp16_optimizer_uses import Uses, uses_in
from migrator.rules._known_tests import Known, known
from migrator.rules._torch import only, spell

_ADVICE = "Use the wrapped optimizer itself; losses are not scaled, and the model's weights stay float32."
_NOT_OF_IT = "No optimizer is an FP16_Optimizer any more, so the test is settled."


class ApexFp16Optimizer(Rule):
    """The wrapped optimizer takes the place of apex's FP16_Optimizer."""

    name = "apex-fp16-optimizer"
    kind = Kind.MODIFIED
    reason = "It scales losses and keeps float32 copies of float16 weights; under bfloat16 autocast neither is needed."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html"
    needles = (b"FP16_Optimizer",)
    nodes = (ast.Module, ast.If, ast.Call)

    def applies(self, target: Target) -> bool:
        """Releases before 1.8 have another mixed precision."""
        return target.release.mixed_precision == "autocast"

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All of the file at once: where an optimizer came from shows only as long as the wrapper is there."""
        if isinstance(node, ast.Module):
            torch, imports = spell(file, "torch")
            uses = uses_in(file, torch)
            yield from (self.finding(file, place, f"it stays: {why}", _ADVICE) for place, why in uses.left)
            if not uses.left:
                yield self.fix(_edits(uses, imports, file))
        elif isinstance(node, ast.If) and (found := known(node.test, lambda part: _is_of_it(part, file), file)):
            folded = fold(file, node, taken=bool(found.value))
            yield self.fix(folded.edits, reindents=folded.reindents, reason=_NOT_OF_IT)
        elif isinstance(node, ast.Call) and _is_of_it(node, file) and not _is_settled(node, file):
            yield self.fix([replace(file, node, "False")], reason=_NOT_OF_IT)


def _edits(uses: Uses, imports: list[Edit], file: File) -> list[Edit]:
    halved = list(halved_models(file))
    models = [replace_statement(file, found.statement, [wrapping(found.model)]) for found in halved]
    edits = [*uses.edits, *remove_all(file, uses.removed), *models]
    if halved:
        edits += [*define_forward(file, halved[0].statement, uses.torch), *imports]
    return edits


def _is_of_it(node: ast.expr, file: File) -> Known | None:
    """`isinstance(x, FP16_Optimizer)`, which is never so."""
    is_asked = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"
    if not isinstance(node, ast.Call) or not is_asked or len(node.args) != 2:
        return None
    return Known(False) if only(file.names(node.args[1]), WRAPPERS) else None


def _is_settled(call: ast.Call, file: File) -> bool:
    """Whether the call stands in a test that is settled as a whole."""
    tests = (above.test for above in file.ancestors(call) if isinstance(above, ast.If))
    return any(call in ast.walk(test) and known(test, lambda p: _is_of_it(p, file), file) for test in tests)
