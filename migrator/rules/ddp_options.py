"""DDP without the broadcast of buffers that there are none of; and advice about what cannot be decided here.

    DistributedDataParallel(model)  ->  DistributedDataParallel(model, broadcast_buffers=False)

Only where the model's class and all that it is made of can be read in the tree and have no buffers: then there is
nothing that the cards could differ in. Elsewhere it is advice, for BatchNorm's running averages are buffers, and each
card would keep its own. `static_graph` is advice everywhere: it fails where the set of used parameters changes between
steps, and together with `no_sync()`.
Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.parallel.DistributedDataParallel.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import add_argument, keyword
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.rules._buffers import has_none
from migrator.rules._ddp import DDP
from migrator.rules._models import builders, wrapped
from migrator.rules._tree_classes import built_class

_POSITION = 4  # of broadcast_buffers


class DdpOptions(Rule):
    """broadcast_buffers=False where there are none; advice about the rest."""

    name = "ddp-options"
    kind = Kind.MODIFIED
    reason = "The model has no buffers, so there is nothing to send to the other cards before a forward pass."
    source = "https://docs.pytorch.org/docs/2.13/generated/torch.nn.parallel.DistributedDataParallel.html"
    needles = (b"DistributedDataParallel",)
    nodes = (ast.Call,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A construction of torch's DistributedDataParallel."""
        if not isinstance(node, ast.Call) or not file.called(node) & DDP or any(k.arg is None for k in node.keywords):
            return
        if keyword(node, "broadcast_buffers") is None and len(node.args) <= _POSITION:
            if _has_no_buffers(node, file):
                yield self.fix([add_argument(file, node, "broadcast_buffers=False")])
            else:
                advice = "Pass broadcast_buffers=False if they are alike on all cards: not with BatchNorm's averages."
                yield self.finding(file, node, "DDP sends the model's buffers before each forward pass", advice)
        if keyword(node, "static_graph") is None and keyword(node, "find_unused_parameters") is None:
            advice = "Try it where each step uses the same parameters; else it fails, and so it does with no_sync()."
            yield self.finding(file, node, "static_graph=True may save DDP work in every backward pass", advice)


def _has_no_buffers(call: ast.Call, file: File) -> bool:
    model = wrapped(call)
    places = [built_class(made, file) for made in builders(model, file)] if model is not None else []
    return bool(places) and all(place is not None and has_none(place[0]) for place in places)
