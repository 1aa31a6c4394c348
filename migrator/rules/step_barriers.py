"""Advice: barriers and broadcasts in every step of training. Changes nothing.

    for batch in loader:
        torch.distributed.barrier()          all cards wait for the slowest one before they begin

DistributedDataParallel keeps the cards together by itself: gradients are exchanged in the backward pass. Whether
something else needs the wait (a file that one process writes) is for a person to say. Told of once a statement, in
loops that train, forward passes and what these call in the file; what stands in a branch at intervals is none.
Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.parallel.DistributedDataParallel.html;
HabanaAI/Model-References, classification of torchvision (broadcast at the start of an iteration, taken out)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._device_code import device_code, once_a_statement

_BARRIERS = frozenset({"torch.distributed.barrier", "torch.distributed.monitored_barrier"})
_BROADCASTS = frozenset({"torch.distributed.broadcast", "torch.distributed.broadcast_object_list"})
_WAITS = "all cards wait for one another in every step"
_SENDS = "one card sends to all others in every step"
_ADVICE = (
    "Take it out where nothing else needs it: the exchange of gradients keeps the cards together, and what all know"
    " (seeds, settings, shapes) they can compute or read once before the loop."
)


class StepBarriers(Rule):
    """Advice about barriers and broadcasts in training loops."""

    name = "step-barriers"
    kind = Kind.MODIFIED
    reason = "Cards that wait for one another in every step wait for the slowest."
    source = "https://docs.pytorch.org/docs/2.13/generated/torch.nn.parallel.DistributedDataParallel.html"
    needles = (b"barrier", b"broadcast")
    nodes = (ast.Module,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """All code of a file that training runs in every step."""
        calls = (found.node for found in device_code(file) if file.called(found.node) & (_BARRIERS | _BROADCASTS))
        for call in once_a_statement(calls, file):
            waits = file.called(call) & _BARRIERS
            yield self.finding(file, call, _WAITS if waits else _SENDS, _ADVICE)
