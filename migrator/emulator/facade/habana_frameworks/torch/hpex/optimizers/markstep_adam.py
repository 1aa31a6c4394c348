"""Adam of habana_frameworks.torch.hpex.optimizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from habana_frameworks.torch.hpex.step_marks import mark_step_if_lazy

__all__ = ["Adam"]


class Adam(torch.optim.Adam):  # type: ignore[misc]
    """torch's Adam, with two step marks for each group before it updates."""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step. Returns what `closure` returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for _ in self.param_groups:
            mark_step_if_lazy()
            mark_step_if_lazy()
        super().step()
        return loss
