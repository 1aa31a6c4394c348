"""Advice: models with convolutions have a switch for their gradients' layout outside lazy mode. Changes nothing.

    PT_HPU_EAGER_ENABLE_GRADIENT_VIEW_LAYOUT_OPT=1

The changelog of the release that brought it sets it for vision models in eager mode, and does not say more; so it is to
be measured. It belongs into the environment before torch is imported: nothing is rewritten, it is told of once a file
that trains a model, or gives it to DistributedDataParallel, whose module makes convolutions, or one of torchvision's.
Only in eager and compile mode, where the release has it.
Source: HabanaAI/Model-References 1.20.0, changelog
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import Target
from migrator.rules._ddp import DDP
from migrator.rules._models import builders
from migrator.rules._training_model import training_models
from migrator.rules._tree_classes import built_class

_FACT = "gradient_view_layout"
_CONVOLUTION = re.compile(r"torch\.nn\.Conv(Transpose)?[123]d$")
_VISION = "torchvision.models."
_MESSAGE = "a model with convolutions is trained in {} mode"
_ADVICE = "Measure {}=1, set in the environment before the script starts."


class GradientLayout(Rule):
    """Advice about the layout of gradients, once a file."""

    name = "gradient-layout"
    kind = Kind.MODIFIED
    reason = "Gaudi's own vision models are trained with this switch."
    source = "https://github.com/HabanaAI/Model-References (1.20.0, changelog)"
    needles = (b".backward(", b"DistributedDataParallel")
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Whether the release has the switch, and the mode heeds it."""
        return not target.lazy and _FACT in target.release.env

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """Once a file: the first model with convolutions that it trains."""
        models: list[tuple[ast.AST, Sequence[ast.Call]]] = [(m.moved, m.built) for m in training_models(file)]
        models += [(call, builders(call, file)) for call in file.index.calls if file.called(call) & DDP]
        spots = [spot for spot, built in models if any(_has_convolutions(call, file) for call in built)]
        for spot in spots[:1]:
            advice = _ADVICE.format(file.target.release.env[_FACT])
            yield self.finding(file, spot, _MESSAGE.format(file.target.mode.value), advice)


def _has_convolutions(call: ast.Call, file: File) -> bool:
    """Whether a call builds a model of torchvision's, or a class whose module makes convolutions."""
    if any(name.startswith(_VISION) for name in file.called(call)):
        return True
    place = built_class(call, file)
    calls = place[0].index.calls if place is not None else []
    names = (name for made in calls if place is not None for name in place[0].called(made))
    return any(_CONVOLUTION.match(name) for name in names)
