"""Parameters with made-up gradients, the same on the emulated device and on the CPU, for tests of optimizers."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

SHAPES = ((3, 4), (5,), (2, 3, 2))


def parameters(device: str, dtype: torch.dtype = torch.float32, shapes: Sequence[tuple[int, ...]] = SHAPES) -> Any:
    """The same values each time."""
    generator = torch.Generator().manual_seed(1)
    values = [torch.randn(shape, generator=generator).to(dtype) for shape in shapes]
    return [torch.nn.Parameter(value.to(device)) for value in values]


def give_gradients(params: Sequence[Tensor], step: int) -> None:
    """Gradients that depend on the step only."""
    generator = torch.Generator().manual_seed(100 + step)
    for param in params:
        param.grad = torch.randn(param.shape, generator=generator).to(param.dtype).to(param.device)


def run(optimizer: Any, params: Sequence[Tensor], steps: int = 4, first: int = 0) -> None:
    """Some steps with such gradients."""
    for step in range(first, first + steps):
        give_gradients(params, step)
        optimizer.step()


def on_cpu(tensors: Sequence[Tensor]) -> list[Tensor]:
    """What they hold, for comparing."""
    return [tensor.detach().cpu() for tensor in tensors]


def equal(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> bool:
    """Whether both hold the same, to the last bit."""
    return all(torch.equal(*pair) for pair in zip(on_cpu(found), on_cpu(wanted), strict=True))


def take_over(optimizer: Any, other: Any) -> dict[str, Any]:
    """Two steps of an optimizer of one group, and two more beside another one that goes on from its checkpoint.

    The checkpoint, as it was saved.
    """
    params, others = (each.param_groups[0]["params"] for each in (optimizer, other))
    run(optimizer, params, steps=2)
    saved = copy.deepcopy(optimizer.state_dict())
    with torch.no_grad():
        for target, source in zip(others, params, strict=True):
            target.copy_(source)
    other.load_state_dict(copy.deepcopy(saved))
    run(optimizer, params, steps=2, first=2)
    run(other, others, steps=2, first=2)
    return saved
