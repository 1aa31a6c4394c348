"""Gradients go to the other cards once a step, not once a micro-batch.

    loss = model(batch) / 4                       sync_gradients = (i + 1) % 4 == 0 or not hasattr(model, "no_sync")
    loss.backward()                          ->   with contextlib.nullcontext() if sync_gradients else model.no_sync():
    if (i + 1) % 4 == 0:                              loss = model(batch) / 4
        optimizer.step()                              loss.backward()
                                                  if (i + 1) % 4 == 0:
                                                      optimizer.step()

DDP then takes the mean over the cards of a sum, instead of a sum of means: the same but for rounding (with one card,
or one micro-batch a step, the same bits). Checked: DDP wraps the model on some path; the forward pass, the backward
pass and the step's test stand in one block; the test only reads variables, which nothing changes in between; nothing
else in the loop uses gradients; no parameter may go unused. Else a finding. A file that uses no_sync stays as it is.
Source: https://docs.pytorch.org/docs/2.13/generated/torch.nn.parallel.DistributedDataParallel.html (no_sync);
HabanaAI/Model-References 1.23.0 nlp/bert run_pretraining.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.core.edit_arguments import keyword
from migrator.core.edit_imports import bound_as, ensure_import
from migrator.core.edit_wrap import wrap
from migrator.core.edits import Fix
from migrator.core.file import File
from migrator.core.findings import Finding, Kind
from migrator.core.rule import Rule
from migrator.core.scopes import dotted
from migrator.rules._accumulation import Accumulation, accumulating_step, accumulation, changed_names, is_plain, steps
from migrator.rules._ddp import DDP
from migrator.rules._gradient_uses import uses_gradients
from migrator.rules._marks import ends_optimizer_step

_NAME = "sync_gradients"
_CHOOSING = (b"no_sync", b"require_backward_grad_sync")  # the file says itself when gradients are sent
_ADVICE = "Run forward and backward of all micro-batches but the last before a step inside model.no_sync()"


class DdpNoSync(Rule):
    """no_sync() around the micro-batches that do not end in a step."""

    name = "ddp-no-sync"
    kind = Kind.MODIFIED
    reason = "Only the last micro-batch before a step has to send gradients to the other cards; it sends those of all."
    source = "https://docs.pytorch.org/docs/2.13/generated/torch.nn.parallel.DistributedDataParallel.html"
    needles = (b"DistributedDataParallel",)
    nodes = (ast.For, ast.While)

    def visit(self, node: ast.AST, file: File) -> Iterator[Fix | Finding]:
        """A loop that takes the optimizer's step every so many micro-batches."""
        if not isinstance(node, (ast.For, ast.While)) or any(name in file.source.text for name in _CHOOSING):
            return
        wraps = [call for call in file.index.calls if file.called(call) & DDP]
        step = accumulating_step(node, file)
        if step is None or not wraps:
            return
        found = accumulation(node, step, file)
        if found is None:
            message = "forward and backward of a model that DDP wraps were not found in the block of the step's test"
            yield self.finding(file, node, message, f"{_ADVICE}, if it accumulates gradients.")
        elif (obstacle := next(_obstacles(found, wraps, file), None)) is not None:
            yield self.finding(file, node, "every micro-batch sends its gradients", f"{_ADVICE}: {obstacle}.")
        else:
            yield self._wrapped(found, file)

    def _wrapped(self, found: Accumulation, file: File) -> Fix:
        model = file.text(found.forwards[0].func)
        module = bound_as(file, "contextlib")
        null = bound_as(file, "contextlib.nullcontext") or f"{module or 'contextlib'}.nullcontext"
        test = file.text(found.step.test)
        test = ast.unparse(found.step.test) if len(test.splitlines()) > 1 else test
        header = (
            f'{_NAME} = {test} or not hasattr({model}, "no_sync")\nwith {null}() if {_NAME} else {model}.no_sync():'
        )
        edits, span = wrap(file, found.micro_batch[0], found.micro_batch[-1], header)
        if null == "contextlib.nullcontext" and not module:
            edits += ensure_import(file, "import contextlib")
        return self.fix(edits, reindents=[span])


def _obstacles(found: Accumulation, wraps: list[ast.Call], file: File) -> Iterator[str]:
    """Why the loop is left as it is."""
    test, models = found.step.test, frozenset(dotted(call.func) for call in found.forwards)
    held = models | {dotted(receiver) for receiver in _stepping(found.step, file)}
    if len(models) != 1:
        yield "several models run in this loop"
    if any(keyword(call, "find_unused_parameters") is not None or _is_unreadable(call) for call in wraps):
        yield "a parameter that the last micro-batch does not use would keep the gradient of its own card"
    if not is_plain(test, file):
        yield "the test for the step calls something, so it was not asked a second time"
    if changed := changed_names(test, found.until_step):
        yield f"{', '.join(changed)} changes between the forward pass and the test for the step"
    if steps(found.rest, file) or steps(found.step.orelse, file):
        yield "the optimizer also steps elsewhere in the loop"
    if uses_gradients(found.rest, held, file) or uses_gradients(found.micro_batch, frozenset(), file):
        yield "something else in the loop may use gradients, which then were those of one card"
    if file.uses(_NAME) or _is_other("contextlib", file):
        yield f"{_NAME} or contextlib is the name of something else already"


def _stepping(step: ast.If, file: File) -> Iterator[ast.expr]:
    """The optimizers that step."""
    for node in ast.walk(step):
        if isinstance(node, (ast.Expr, ast.Assign)) and ends_optimizer_step(node, file):
            call = node.value
            yield from [call.func.value] if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else []


def _is_unreadable(call: ast.Call) -> bool:
    return any(k.arg is None for k in call.keywords)


def _is_other(name: str, file: File) -> bool:
    """Whether the file uses a module's name for something else."""
    return any(file.names(use) != {name} for use in file.uses(name))
