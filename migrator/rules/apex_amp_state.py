"""What is left of apex.amp's own state: no loss is scaled, nothing overflows, and parameters are their own masters.

    amp._amp_state.loss_scalers[0]._loss_scale = 2.0 ** 15      ->  (removed)
    scale = amp._amp_state.loss_scalers[0].loss_scale()         ->  scale = 1.0
    overflow = scaler.update_scale()
    if overflow:                                                ->  optimizer.step()
        skipped += 1
    else:
        optimizer.step()
    if _amp_state.opt_properties.master_weights: ...            ->  (removed: there are no copies to look after)
    optimizer._lazy_init_maybe_master_weights()                 ->  (removed)
    for p in optimizer._amp_stash.all_fp32_from_fp16_params: ...  ->  (removed)

A variable counts as "no overflow" where every value it is given is a scaler's answer, 0 or False; then the tests of it
are settled, and where another use of it is left it becomes False. Anything else that is known of the state (its option
`enabled`, unscaling by hand) stays for a person.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html; https://nvidia.github.io/apex/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_expressions import replace
from migrator.core.edit_fold import fold
from migrator.core.edit_removal import remove_all
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._apex_state import constant
from migrator.rules._apex_state_uses import removable, replacement
from migrator.rules._known_tests import Known, known

_SETTLED = "bfloat16 has the exponent range of float32: no loss is scaled and nothing overflows, so one way is taken."


class ApexAmpState(Rule):
    """Reads of apex's state become what they come to; what only serves it goes."""

    name = "apex-amp-state"
    kind = Kind.MISMATCH
    reason = "bfloat16 has the exponent range of float32: the loss scale is 1, and parameters need no float32 copies."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Mixed_Precision/index.html"
    needles = (b"_amp_state", b"_amp_stash", b"_lazy_init_maybe_master_weights")
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Releases before 1.8 have another mixed precision, for which apex's is left."""
        return target.release.mixed_precision == "autocast"

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """First the tests that are settled, then what is left: a variable is no longer known once it is False."""
        folds = list(_folds(file))
        for block, taken in folds:
            folded = fold(file, block, taken=taken)
            yield self.fix(folded.edits, reindents=folded.reindents, reason=_SETTLED)
        if not folds:
            yield self.fix(_rest(file))


def _folds(file: File) -> Iterator[tuple[ast.If, bool]]:
    """The settled `if`s that stand in no other, with whether they are taken."""

    def lookup(node: ast.expr) -> Known | None:
        return constant(node, file)

    found: set[ast.AST] = set()
    for block in file.index.nodes:
        if isinstance(block, ast.If) and (result := known(block.test, lookup, file)) is not None:
            if found.isdisjoint(file.ancestors(block)):
                yield block, bool(result.value)
            found.add(block)


def _rest(file: File) -> list[Edit]:
    removed = removable(file)
    edits = remove_all(file, removed)
    for node in file.index.nodes:
        if not isinstance(node, ast.expr) or (new := replacement(node, file)) is None:
            continue
        edit = replace(file, *new)
        if not any(other.start <= edit.start and edit.end <= other.end for other in edits):
            edits.append(edit)
    return edits
