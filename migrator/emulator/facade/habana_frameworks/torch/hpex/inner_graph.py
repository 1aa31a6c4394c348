"""Gradients of an autograd Function by torch's own autograd: its forward keeps a graph that its backward runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def run(ctx: Any, compute: Callable[..., Any], *tensors: Any) -> Any:
    """`compute(*tensors)`, a tensor, outside the caller's graph. What it drew at random stays as it is for backward."""
    needed = ctx.needs_input_grad[: len(tensors)]
    inner = [each.detach().requires_grad_(need) for each, need in zip(tensors, needed, strict=True)]
    with torch.set_grad_enabled(any(needed)):
        result = compute(*inner)
    ctx.inner_graph = (result, inner) if any(needed) else None
    return result.detach()


def gradients(ctx: Any, of_result: Any) -> list[Any]:
    """The gradients of the tensors that `run` was given, None for those that need none."""
    result, inner = ctx.inner_graph
    needed = [each for each in inner if each.requires_grad]
    # Retained: whether the caller's graph runs backward again is not known here. It goes when `ctx` goes.
    found = iter(torch.autograd.grad(result, needed, of_result, retain_graph=True))
    return [next(found) if each.requires_grad else None for each in inner]
