"""Notes every operator of the device while counting: its name, the shapes and types of its tensors, the user's line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook

from migrator.emulator.counting import counters
from migrator.emulator.counting.frames import NOWHERE, Place, responsible_place, users_place
from migrator.emulator.counting.graphs import Signature
from migrator.emulator.operators import overlay
from migrator.emulator.profile import current

_LABEL = "recording"
# The host reads here; the graph has no such operator.
_NO_OPERATORS = frozenset({"aten::_local_scalar_dense"})
_hooks: list[Any] = []


def install() -> None:
    """From now on, counting counts graphs too."""
    counters.add_switch(_begin, _end)


def _begin() -> None:
    overlay.cover(_LABEL, _recording)
    if not current().lazy:
        _hooks.append(register_optimizer_step_post_hook(_end_of_step))


def _end() -> None:
    overlay.uncover(_LABEL)
    while _hooks:
        _hooks.pop().remove()


def _end_of_step(*_: Any) -> None:
    counters.end_of_step()


class _Backward:
    """The line that waits for backward: looked for once, for all operators in a row that autograd runs."""

    place = NOWHERE


def _place() -> Place:
    place = users_place()
    if place is not NOWHERE:
        _Backward.place = NOWHERE
    elif _Backward.place is NOWHERE:
        _Backward.place = responsible_place()
    return _Backward.place if place is NOWHERE else place


def _recording(name: str, kernel: overlay.Kernel) -> Callable[..., Any]:
    if name in _NO_OPERATORS:
        return kernel

    def record(*arguments: Any, **named: Any) -> Any:
        signature = _signature(name, (*arguments, *named.values()))
        out = kernel(*arguments, **named)
        counts = counters.counts()
        if counts is not None:
            # What makes a tensor from none is known by the tensor it makes.
            counts.graphs.note(signature if len(signature) > 1 else _signature(name, (out,)), _place())
        return out

    return record


def _signature(name: str, values: tuple[Any, ...]) -> Signature:
    parts: list[Any] = [name]
    for value in values:
        if isinstance(value, Tensor):
            parts += (value.shape, value.dtype)
        elif isinstance(value, list | tuple):
            for each in value:
                if isinstance(each, Tensor):
                    parts += (each.shape, each.dtype)
    return tuple(parts)
