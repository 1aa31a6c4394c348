"""Functions and modules whose forward and backward pass are two HPU graphs.

Gradients and outputs are those of eager mode: captures leave parameters, buffers and random numbers as they were. One
thing is as on the device and unlike eager mode: an output's memory is the next call's output. Where a backward pass
needs what a later call has overwritten, it raises.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from migrator.emulator.hpu_graphs.graph import HPUGraph, copy_into, graph

_increment_version = torch.autograd.graph.increment_version


class GraphedFunction:
    """A function from tensors to a tuple of tensors, captured for tensors like `sample`.

    `parameters` are the other tensors that get gradients. Raises `RuntimeError` when one of the tensors that require
    grad is not used and `allow_unused` is not set.
    """

    def __init__(
        self, function: Callable[..., Sequence[Any]], sample: Sequence[Any], parameters: Sequence[Any], *, unused: bool
    ) -> None:
        self._inputs = tuple(each.detach().clone().requires_grad_(each.requires_grad) for each in sample)
        self._parameters = tuple(parameters)
        self._forward, self._backward = HPUGraph(), HPUGraph()
        with graph(self._forward, dry_run=True):
            self._outputs = tuple(function(*self._inputs))
        self._seeds = tuple(torch.zeros_like(each) for each in self._outputs if each.requires_grad)
        self._gradients = self._capture_backward(unused)
        self._calls = 0
        self._function = self._differentiable()

    def __call__(self, *tensors: Any) -> tuple[Any, ...]:
        """Replay on other tensors of the same sizes."""
        return tuple(self._function.apply(*tensors, *self._parameters))

    def _capture_backward(self, unused: bool) -> tuple[Any, ...]:
        surface = (*self._inputs, *self._parameters)
        wanted = [each for each in surface if each.requires_grad]
        if not wanted or not self._seeds:
            return (None,) * len(surface)
        with graph(self._backward, dry_run=True):
            found = iter(
                torch.autograd.grad(
                    [each for each in self._outputs if each.requires_grad], wanted, self._seeds, allow_unused=unused
                )
            )
        return tuple(next(found) if each.requires_grad else None for each in surface)

    def _run_forward(self, tensors: Sequence[Any]) -> tuple[Any, ...]:
        copy_into(self._inputs, tensors)
        self._forward.replay()
        # Whoever saved the outputs of the call before for a backward pass is told by autograd that they changed.
        _increment_version(self._outputs)
        self._calls += 1
        return tuple(each.detach() for each in self._outputs)

    def _run_backward(self, call: int, grads: Sequence[Any]) -> tuple[Any, ...]:
        if call != self._calls:
            raise RuntimeError(
                "the backward pass of an HPU graph came after another forward pass of it, which overwrote what it needs"
            )
        asked = [grad for grad, output in zip(grads, self._outputs, strict=True) if output.requires_grad]
        copy_into(self._seeds, asked)
        self._backward.replay()
        # Not the memory of the graph itself: a parameter may keep its gradient and add the next one to it.
        return tuple(None if each is None else each.clone() for each in self._gradients)

    def _differentiable(self) -> Any:
        class Graphed(torch.autograd.Function):  # type: ignore[misc]
            @staticmethod
            def forward(ctx: Any, *tensors: Any) -> Any:
                outputs = self._run_forward(tensors[: len(self._inputs)])
                ctx.call = self._calls
                pairs = zip(outputs, self._outputs, strict=True)
                ctx.mark_non_differentiable(*(given for given, kept in pairs if not kept.requires_grad))
                return outputs

            @staticmethod
            @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
            def backward(ctx: Any, *grads: Any) -> Any:
                return self._run_backward(ctx.call, grads)

        return Graphed


def make_graphed_callables(
    callables: Any,
    sample_args: Any,
    warmups: int = 0,
    allow_unused_input: bool = False,
    asynchronous: bool = False,
    disable_tensor_cache: bool = False,
    dry_run: bool = False,
) -> Any:
    """Capture a function or module, or each of a tuple of them, for the tensors of `sample_args`.

    A module is changed and returned: its forward replays in the training mode it was captured in. The last three
    arguments have no effect. Raises `RuntimeError` for a module with hooks and for arguments other than tensors.
    """
    if isinstance(callables, tuple):
        pairs = zip(callables, sample_args, strict=True)
        return tuple(_graphed(each, sample, allow_unused_input) for each, sample in pairs)
    return _graphed(callables, sample_args, allow_unused_input)


def _graphed(function: Any, sample: Sequence[Any], unused: bool) -> Any:
    if not all(isinstance(each, Tensor) for each in sample):
        raise RuntimeError("make_graphed_callables takes tensors as sample arguments, and nothing else")
    module = function if isinstance(function, torch.nn.Module) else None
    if module is not None and any(vars(module)[name] for name in _HOOKS):
        raise RuntimeError("a module with hooks cannot be captured; register them afterwards")
    single: list[bool] = []

    def as_tuple(*tensors: Any) -> Sequence[Any]:
        out = function(*tensors)
        single.append(isinstance(out, Tensor))
        return (out,) if single[-1] else out

    parameters = [] if module is None else list(module.parameters())
    captured = GraphedFunction(as_tuple, sample, parameters, unused=unused)

    def replay(*tensors: Any) -> Any:
        out = captured(*tensors)
        return out[0] if single[0] else out

    return replay if module is None else _replace_forward(module, replay)


_HOOKS = ("_backward_hooks", "_forward_hooks", "_forward_pre_hooks")


def _replace_forward(module: Any, replay: Callable[..., Any]) -> Any:
    captured_in, plain = module.training, module.forward

    @functools.wraps(plain)
    def forward(*tensors: Any) -> Any:
        return replay(*tensors) if module.training == captured_in else plain(*tensors)

    module.forward = forward
    return module
