"""Advice: in lazy mode a training model of static shapes can be recorded as HPU graphs. Changes nothing.

    ht.hpu.ModuleCacher(max_graphs=10)(model=model, inplace=True)

A recorded graph is replayed without gathering its operations again, which helps where the host is the slower side. It
depends on what no text shows: the same shapes in every step (or few enough of them for max_graphs), no control flow and
no operation that depends on data, and memory for each graph. So it is said once a file, for the first model that it
trains, and only where graphs exist: lazy mode, from release 1.8 on.
Source: https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/HPU_Graphs_Training.html;
HabanaAI/gaudi-pytorch-bridge 1.19.0 python_packages/habana_frameworks/torch/hpu/graphs.py (ModuleCacher)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._training_model import training_models

_SINCE = (1, 8)
_KNOWN = (b"ModuleCacher", b"make_graphed_callables", b"wrap_in_hpu_graph", b"HPUGraph")
_MESSAGE = "HPU graphs may take work off the host here"
_ADVICE = (
    "If all batches have one shape and forward() has no control flow that depends on data, try, before DDP, "
    "habana_frameworks.torch.hpu.ModuleCacher(max_graphs=10)(model={name}, inplace=True), with "
    "have_grad_accumulation=True where gradients are accumulated, or make_graphed_callables; graphs take memory."
)


class HpuGraphs(Rule):
    """Advice about HPU graphs, once a file."""

    name = "hpu-graphs"
    kind = Kind.MODIFIED
    reason = "A recorded graph is replayed without gathering its operations again."
    source = "https://docs.habana.ai/en/latest/PyTorch/PyTorch_Model_Porting/HPU_Graphs_Training.html"
    needles = (b".backward(",)
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Graphs are lazy mode's, and for training from 1.8 on."""
        return target.lazy and target.release.version >= _SINCE

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """Once a file: the first model that it trains."""
        if any(name in file.source.text for name in _KNOWN):
            return
        for model in training_models(file)[:1]:
            yield self.finding(file, model.moved, _MESSAGE, _ADVICE.format(name=model.name))
