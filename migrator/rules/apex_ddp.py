"""apex's DistributedDataParallel -> torch's, over hccl.

    from apex.parallel import DistributedDataParallel as DDP
        ->  from torch.nn.parallel import DistributedDataParallel as DDP
    DDP(model, delay_allreduce=True)              ->  DDP(model)
    apex.parallel.convert_syncbn_model(model)     ->  torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)

apex's own options say how its all-reduce is cut and ordered, which torch decides for itself; they go. A sum of
gradients instead of their mean (`gradient_average=False`) would change the training, so such a call is left. An
attempt to import apex's class with torch's as the alternative becomes the alternative. The import changes where it
brings nothing else; otherwise the uses do.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Scaling_Guide/DDP_Based_Scaling.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import arguments, keyword
from migrator.core.edit_calls import remove_arguments
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._fallback import take_fallback
from migrator.rules._moved_names import Use, import_edits, replaceable, uses

_DDP = "torch.nn.parallel.DistributedDataParallel"
_NEW = {
    "apex.parallel.DistributedDataParallel": _DDP,
    "apex.parallel.distributed.DistributedDataParallel": _DDP,
    "apex.parallel.convert_syncbn_model": "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
}
_MOVABLE = {old: new for old, new in _NEW.items() if new == _DDP}  # a method cannot be imported
_APEX_ONLY = frozenset(
    {
        *("message_size", "delay_allreduce", "shared_param", "allreduce_trigger_params", "retain_allreduce_buffers"),
        *("allreduce_always_fp32", "num_allreduce_streams", "allreduce_communicators", "gradient_average"),
        *("gradient_predivide_factor", "gradient_average_split_factor", "prof", "channel_last"),
    }
)
_AVERAGE = 9  # the position of gradient_average


class ApexDdp(Rule):
    """torch's DistributedDataParallel takes the place of apex's."""

    name = "apex-ddp"
    kind = Kind.MODIFIED
    reason = "apex is CUDA code; torch's DistributedDataParallel over hccl does the same and cuts its buckets itself."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Scaling_Guide/DDP_Based_Scaling.html"
    needles = (b"apex",)
    nodes = (ast.Module,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All uses in the file: those that depend on one import change together with it."""
        for found in replaceable(file, _NEW):
            edits, span = take_fallback(file, found)
            yield self.fix(edits, reindents=[span])
        imports: dict[ast.ImportFrom, list[Edit]] = {
            statement: [edit] for statement, edit in import_edits(file, _MOVABLE).items()
        }
        for use in _all_uses(file):
            if _sums(use, file):
                advice = "Multiply the learning rate, or the loss, by the world size; then drop gradient_average."
                yield self.finding(file, use.node, "torch averages gradients, here they are to be summed", advice)
                if use.by_import is not None:
                    imports.pop(use.by_import, None)
            elif use.by_import is None:
                yield self.fix([*use.renamed(file), *_fewer_arguments(use, file)])
            elif use.by_import in imports:
                imports[use.by_import] += _fewer_arguments(use, file)
        for edits in imports.values():
            yield self.fix(edits)


def _all_uses(file: File) -> list[Use]:
    movable = {use.node: use for use in uses(file, _MOVABLE)}
    return [movable.get(use.node, use) for use in uses(file, _NEW)]


def _sums(use: Use, file: File) -> bool:
    """Whether the call asks for the sum of gradients, or for something that only running it would tell."""
    call = use.call(file)
    if call is None:
        return False
    given = keyword(call, "gradient_average")
    value = given.value if given else (call.args[_AVERAGE] if len(call.args) > _AVERAGE else None)
    return value is not None and not (isinstance(value, ast.Constant) and value.value is True)


def _fewer_arguments(use: Use, file: File) -> list[Edit]:
    call = use.call(file)
    if call is None:
        return []
    positional = call.args[1:] if use.new == _DDP and not use.is_settled else []
    unwanted = [a for a in arguments(call) if a in positional or getattr(a, "arg", None) in _APEX_ONLY]
    return remove_arguments(file, call, unwanted) if unwanted else []
