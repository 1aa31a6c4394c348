"""CTCLoss of habana_frameworks.torch.hpex.kernels."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from habana_frameworks.torch.hpex import inner_graph
from habana_frameworks.torch.hpex.device_tensors import require_hpu

__all__ = ["CTCLoss"]


class CTCLoss(torch.autograd.Function):  # type: ignore[misc]
    """`apply(log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity)`: torch's ctc_loss.

    Shapes are those of `torch.nn.functional.ctc_loss`. Raises `NotImplementedError` for tensors off the device.
    """

    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917 - Gaudi's signature
        ctx: Any,
        log_probs: Any,
        targets: Any,
        input_lengths: Any,
        target_lengths: Any,
        blank: int = 0,
        reduction: str = "mean",
        zero_infinity: bool = False,
    ) -> Any:
        """The loss, as above."""
        require_hpu("hpu::ctc_loss_custom", (log_probs, targets, input_lengths, target_lengths))
        with torch.autocast("hpu", enabled=False):
            return inner_graph.run(
                ctx,
                lambda probs: functional.ctc_loss(
                    probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity
                ),
                log_probs,
            )

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, ...]:
        """The gradient of `log_probs`."""
        return *inner_graph.gradients(ctx, gradient), None, None, None, None, None, None
