"""DistributedDataParallel without GPU numbers: one process drives one card.

    DistributedDataParallel(model, device_ids=[rank], output_device=rank)  ->  DistributedDataParallel(model)

Both arguments number CUDA devices; without them the wrapper uses the device on which the model is.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Scaling_Guide/DDP_Based_Scaling.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import Argument, keyword
from migrator.core.edit_calls import remove_arguments
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule

_CLASS = "torch.nn.parallel.DistributedDataParallel"
_NAMES = frozenset({_CLASS, "torch.nn.parallel.distributed.DistributedDataParallel"})
_UNWANTED = ("device_ids", "output_device")  # the second and third parameter


class DdpArguments(Rule):
    """device_ids and output_device go."""

    name = "ddp-arguments"
    kind = Kind.MODIFIED
    reason = "One process drives one card; device_ids and output_device number CUDA devices."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Scaling_Guide/DDP_Based_Scaling.html"
    needles = (b"DistributedDataParallel",)
    nodes = (ast.Call,)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A construction of torch's class."""
        if not isinstance(node, ast.Call) or not file.called(node) & _NAMES:
            return
        if len(node.args) > 3 or any(isinstance(argument, ast.Starred) for argument in node.args):
            advice = "Name the arguments, and leave device_ids and output_device out."
            yield self.finding(file, node, "positional arguments of DistributedDataParallel number GPUs", advice)
            return
        named = [found for name in _UNWANTED if (found := keyword(node, name)) is not None]
        unwanted: list[Argument] = [*node.args[1:], *named]
        if unwanted:
            yield self.fix(remove_arguments(file, node, unwanted))
