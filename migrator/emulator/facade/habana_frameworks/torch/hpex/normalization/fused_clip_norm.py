"""FusedClipNorm of habana_frameworks.torch.hpex.normalization."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from habana_frameworks.torch.hpex.device_tensors import require_hpu
from habana_frameworks.torch.hpex.step_marks import mark_step_if_lazy

__all__ = ["FusedClipNorm"]

_EPSILON = 1e-6  # bridge 1.19, hpu_ops/backend/fused_clip_norm_gen.cpp; torch.nn.utils.clip_grad_norm_ has the same


class FusedClipNorm:
    """Clips gradients by their global 2-norm. `max_norm` is kept in the type of the first parameter."""

    def __init__(self, parameters: Iterable[Any], max_norm: float) -> None:
        present = list(parameters)
        self.dtype = present[0].dtype if present else torch.float32
        self.max_norm_t = torch.full((1,), float(max_norm)).to(self.dtype).to("hpu")
        self.norm_type = 2.0

    def clip_norm(self, parameters: Any) -> Any:
        """Scale gradients of a tensor or of several in place. Returns their norm before, a tensor of one element.

        Without gradients it returns a CPU zero. Raises `NotImplementedError` for gradients off the device.
        """
        mark_step_if_lazy()
        several = [parameters] if isinstance(parameters, torch.Tensor) else parameters
        gradients = [each.grad for each in several if each.grad is not None]
        if not gradients:
            return torch.tensor(0.0)
        require_hpu("hpu::fused_norm", gradients)
        with torch.no_grad():
            norm = torch.stack(torch._foreach_norm(gradients)).norm().reshape(1)
            torch._foreach_mul_(gradients, (self.max_norm_t / (norm + _EPSILON)).clamp(max=1.0).squeeze())
        mark_step_if_lazy()
        return norm
