"""Emulated step marks. In lazy mode they are counted and run the closures; in others they do nothing, and say so once.

On a real card a step mark runs what was gathered since the last one; here operators run when they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from habana_frameworks.torch import hpu
from habana_frameworks.torch.utils.internal import lazy_only
from migrator.emulator.counting import counters
from migrator.emulator.names.not_emulated import missing

__all__ = ["add_step_closure", "iter_mark_step", "mark_step"]
__getattr__ = missing(__name__)

_closures: list[Callable[[], Any]] = []


@lazy_only
def add_step_closure(closure: Callable[..., Any], args: Sequence[Any] = ()) -> None:
    """Call `closure(*args)` at the next step mark."""
    _closures.append(lambda: closure(*args))


@lazy_only
def mark_step(device_str: str = "", sync: bool = False) -> None:
    """The graph of this step ends. With `sync` the host waits for it."""
    counters.mark_step()
    if sync:
        hpu.synchronize()
    _run_closures()


@lazy_only
def iter_mark_step(device_str: str = "") -> None:
    """The same, at the end of an iteration."""
    counters.mark_step()
    _run_closures()


def _run_closures() -> None:
    waiting = list(_closures)
    _closures.clear()
    for closure in waiting:
        closure()
