"""In compile mode, the model that a script trains is compiled for Gaudi.

    model.to(device)                      model.to(device)
    model = DDP(model)               ->   model.compile(backend="hpu_backend")
                                          model = DDP(model)

In place, by nn.Module's own method: the parameters keep their names, so checkpoints stay as they are, where
`torch.compile(model)` would put `_orig_mod.` before each. On the device, and before DistributedDataParallel, which
torch's compiler does not handle well. The results are the same but for the order in which the backend's kernels round.

For a model that is built in the file, moved by one statement, gives its parameters to something, and is called in a
loop with a backward pass. A finding where it is moved in several places, was wrapped by DDP before, or has a `compile`
of its own, and where torch has no such method (before 2.1). Nothing where the file compiles something itself.
Source: https://docs.pytorch.org/docs/stable/compile/programming_model.where_to_apply_compile.html;
https://docs.habana.ai/en/latest/PyTorch/Reference/PyTorch_Gaudi_Theory_of_Operations.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_statements import insert_after
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.target import ExecutionMode, Target
from migrator.rules._ddp import DDP
from migrator.rules._models import wrapped
from migrator.rules._training_model import TrainingModel, training_models
from migrator.rules._tree_classes import built_class

# The first torch with nn.Module.compile: https://github.com/meta-pytorch/tnt/pull/441 (July 2023) names it, after 2.0.
_IN_PLACE = (2, 1)
_MESSAGE = "the model that is trained here is not compiled"
_IN_TIME = 'Call nn.Module\'s compile(backend="{backend}") on it, on the device and before DDP.'
_BY_WRAPPING = 'Train torch.compile(model, backend="{backend}"), and save and load the state of the model in it.'


class CompileModel(Rule):
    """model.compile(backend="hpu_backend") for the training model."""

    name = "compile-model"
    kind = Kind.MODIFIED
    reason = "In compile mode only what torch.compile captures becomes graphs; the rest runs one operator at a time."
    source = "https://docs.pytorch.org/docs/stable/compile/programming_model.where_to_apply_compile.html"
    needles = (b".backward(",)
    nodes = (ast.Module,)

    def applies(self, target: Target) -> bool:
        """Only compile mode compiles, and only where there is a backend."""
        return target.mode is ExecutionMode.COMPILE and bool(target.release.compile_backend)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """Once a file: its training models."""
        models = [] if _compiles(file) else training_models(file)
        advice = _IN_TIME if file.target.release.torch_version >= _IN_PLACE else _BY_WRAPPING
        for model in models:
            obstacle = _obstacle(model, models, file)
            if obstacle is not None:
                backend = file.target.release.compile_backend
                yield self.finding(file, model.moved, f"{_MESSAGE}: {obstacle}", advice.format(backend=backend))
            else:
                yield self.fix([insert_after(file, model.moved, _call(model, file))])


def _call(model: TrainingModel, file: File) -> str:
    return f'{model.name}.compile(backend="{file.target.release.compile_backend}")'


def _compiles(file: File) -> bool:
    """Whether something in the file is compiled by torch already."""
    if any("torch.compile" in file.names(n) for n in file.index.nodes if isinstance(n, (ast.Name, ast.Attribute))):
        return True
    methods = (c for c in file.index.calls if isinstance(c.func, ast.Attribute) and not file.called(c))
    return any(isinstance(c.func, ast.Attribute) and c.func.attr == "compile" for c in methods)


def _obstacle(model: TrainingModel, models: list[TrainingModel], file: File) -> str | None:
    """Why a model is left as it is."""
    if file.target.release.torch_version < _IN_PLACE:
        return f"torch {file.target.release.torch} can only wrap it, which renames its parameters in checkpoints"
    if any(other is not model and set(other.built) & set(model.built) for other in models):
        return "it is moved to the device in several places"
    if any(_has_own(call, file) for call in model.built):
        return "its class has a `compile` of its own"
    if any(call in model.built for call in _wrapped_before(model, file)):
        return "DDP wraps it before"
    return None


def _has_own(call: ast.Call, file: File) -> bool:
    place = built_class(call, file)
    inner = place[1].body if place is not None else []
    return any(isinstance(n, ast.FunctionDef) and n.name == "compile" for n in inner)


def _wrapped_before(model: TrainingModel, file: File) -> Iterator[ast.Call]:
    """What builds the models that DDP wraps above the move."""
    for call in file.index.calls:
        inner = wrapped(call) if file.called(call) & DDP else None
        if inner is not None and call.lineno < model.moved.lineno:
            yield from file.makers(inner)
