"""FusedEMA of habana_frameworks.torch.hpex.movingavrg."""

from __future__ import annotations

import copy
import math
from collections.abc import Collection
from typing import Any

import torch
from torch import nn

from habana_frameworks.torch.hpex.device_tensors import require_hpu
from habana_frameworks.torch.hpex.step_marks import mark_step_if_lazy

__all__ = ["FusedEMA"]


class FusedEMA:
    """An exponential moving average of a model's parameters and buffers, in `ema`, a copy of the model.

    The decay ramps up: `decay * (1 - exp(-updates / 2000))`. Raises `ValueError` for a negative decay.
    """

    def __init__(self, model: Any, decay: float = 0.9999, updates: float = 0) -> None:
        if not decay >= 0.0:
            raise ValueError(f"Invalid decay value: {decay}")
        wrapped = type(model) in (nn.parallel.DataParallel, nn.parallel.DistributedDataParallel)
        self.ema = copy.deepcopy(model.module if wrapped else model).eval()
        self.decay = lambda count: decay * (1 - math.exp(-count / 2000))
        self.updates = updates
        # Taken once, as the bridge does: moving `ema` to a device later leaves these behind.
        self.updated_ema = list(self.ema.state_dict().values())

    def update(self, model: Any) -> None:
        """Average `model` in. Whole-number buffers, such as a count of batches, stay as they were copied.

        Raises `RuntimeError` for a model with more or fewer tensors, and `NotImplementedError` for one off the device.
        """
        mark_step_if_lazy()
        current = list(model.state_dict().values())
        self.updates += 1
        if len(current) != len(self.updated_ema):
            raise RuntimeError(f"the model has {len(current)} tensors, its average {len(self.updated_ema)}")
        require_hpu("hpu::optimizer_ema", (*current, *self.updated_ema))
        decay = self.decay(self.updates)
        pairs = [pair for pair in zip(self.updated_ema, current, strict=True) if pair[0].is_floating_point()]
        if pairs:
            averages = [average for average, _ in pairs]
            torch._foreach_mul_(averages, decay)
            torch._foreach_add_(averages, [value for _, value in pairs], alpha=1.0 - decay)
        mark_step_if_lazy()

    def update_attr(
        self, model: Any, include: Collection[str] = (), exclude: Collection[str] = ("process_group", "reducer")
    ) -> None:
        """Copy the model's public attributes to `ema`: those of `include`, or all, without those of `exclude`."""
        for name, value in vars(model).items():
            if not name.startswith("_") and name not in exclude and (not include or name in include):
                setattr(self.ema, name, value)
