"""DDP: gradients as views of larger buckets.

    DistributedDataParallel(model)
      ->  DistributedDataParallel(model, gradient_as_bucket_view=True, bucket_cap_mb=230)

Views save the copy between gradient and bucket, and one 230 MB bucket (the figure of Gaudi's own BERT) means fewer
collectives. Left alone where the call says either already, and where something in the file detaches gradients in
place, which views do not allow.
Source: https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Optimization_in_PyTorch_Models.html and
https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import add_argument, keyword
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule

_DDP = frozenset({"torch.nn.parallel.DistributedDataParallel", "torch.nn.parallel.distributed.DistributedDataParallel"})
_WANTED = {"gradient_as_bucket_view": "True", "bucket_cap_mb": "230"}


class DdpBuckets(Rule):
    """Gradients as views of 230 MB buckets."""

    name = "ddp-buckets"
    kind = Kind.MODIFIED
    reason = "Gradients that are views of the buckets save a copy; one large bucket means fewer collectives."
    source = "https://docs.habana.ai/en/latest/PyTorch/Model_Optimization_PyTorch/Optimization_in_PyTorch_Models.html"
    needles = (b"DistributedDataParallel",)
    nodes = (ast.Call,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A construction of DDP that does not say how its buckets are made."""
        if not isinstance(node, ast.Call) or not file.called(node) & _DDP:
            return
        if any(k.arg is None for k in node.keywords) or _detaches_gradients(file):
            advice = (
                "Add gradient_as_bucket_view=True, bucket_cap_mb=230 by hand if nothing detaches gradients in place."
            )
            yield self.finding(file, node, "the buckets of DDP were left as they are", advice)
            return
        missing = [f"{name}={value}" for name, value in _WANTED.items() if keyword(node, name) is None]
        if missing:
            yield self.fix([add_argument(file, node, ", ".join(missing))])


def _detaches_gradients(file: File) -> bool:
    """Whether `x.grad.detach_()` stands anywhere: views cannot be detached in place."""
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "detach_"
        and isinstance(call.func.value, ast.Attribute)
        and call.func.value.attr == "grad"
        for call in file.index.calls
    )
