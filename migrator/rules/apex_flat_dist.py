"""apex's collectives on flat tensors -> a function of the file, in plain torch.

    flat_dist_call(tensors, dist.broadcast, (0,))  ->  flat_collective(tensors, dist.broadcast, (0,))

The function puts the tensors of each dtype together, runs the collective on the one tensor, and copies its parts back.
As in apex, the sum of an all_reduce is divided by the number of processes.
Source: https://github.com/NVIDIA/apex/blob/22.04-dev/apex/parallel/distributed.py;
https://docs.pytorch.org/docs/2.13/distributed.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_expressions import replace
from migrator.core.edits import Edit, Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._backend import scope_at
from migrator.rules._definition import define
from migrator.rules._torch import only, spell

_OLD = frozenset({f"apex.parallel.distributed.{name}" for name in ("flat_dist_call", "apply_flat_dist_call")})
_NEW = "flat_collective"
_FUNCTION = '''\
def flat_collective(tensors, call, extra_args=None):
    """Run a collective on tensors put together by dtype; all_reduce leaves the mean of all processes."""
    tensors = list(tensors)
    for dtype in dict.fromkeys(tensor.dtype for tensor in tensors):
        bucket = [tensor for tensor in tensors if tensor.dtype == dtype]
        flat = {torch}._utils._flatten_dense_tensors(bucket)
        call(flat, *(extra_args or ()))
        if call is {torch}.distributed.all_reduce:
            flat /= {torch}.distributed.get_world_size()
        for tensor, part in zip(bucket, {torch}._utils._unflatten_dense_tensors(flat, bucket)):
            tensor.copy_(part)
'''


class ApexFlatDist(Rule):
    """A function of the file takes the place of apex's flat_dist_call."""

    name = "apex-flat-dist"
    kind = Kind.MODIFIED
    reason = (
        "apex.parallel cannot be installed on Gaudi; this runs the collective on one flat tensor a dtype, as it does."
    )
    source = "https://docs.pytorch.org/docs/2.13/distributed.html"
    needles = (b"flat_dist_call",)
    nodes = (ast.Module,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All uses in the file, with the function that they share."""
        names = (
            n for n in file.index.nodes if isinstance(n, (ast.Name, ast.Attribute)) and isinstance(n.ctx, ast.Load)
        )
        uses = [node for node in names if only(file.names(node), _OLD)]
        if taken := [use for use in uses if scope_at(file, use).find(_NEW) is not None]:
            advice = f"Rename the other {_NEW}, and apply again."
            yield self.finding(file, taken[0], f"{_NEW} is something else in this file", advice)
        elif uses:
            yield self.fix(_edits(uses, file))


def _edits(uses: list[ast.Name | ast.Attribute], file: File) -> list[Edit]:
    torch, imports = spell(file, "torch")
    first = min((file.statement(use) for use in uses), key=lambda statement: statement.lineno)
    function = define(file, first, _FUNCTION.replace("{torch}", torch))
    return [*(replace(file, use, _NEW) for use in uses), function, *imports]
