"""The step marks that fused optimizers, norms and averages make themselves, around their operators."""

from __future__ import annotations

from habana_frameworks.torch.core import mark_step
from habana_frameworks.torch.utils.internal import is_lazy
from migrator.emulator.counting import counters


def mark_step_if_lazy() -> None:
    """Mark a step in lazy mode; in eager mode marks mean nothing and the bridge makes none, and says nothing."""
    if is_lazy():
        mark_step()
        counters.note_library_mark()
