"""CustomSoftmax of habana_frameworks.torch.hpex.kernels."""

from __future__ import annotations

from typing import Any

import torch

from habana_frameworks.torch.hpex.device_tensors import require_hpu

__all__ = ["CustomSoftmax"]


class CustomSoftmax(torch.autograd.Function):  # type: ignore[misc]
    """`apply(x, flavor)`: softmax of a bfloat16 tensor along its last dimension.

    Both flavors, 0 and 1, are exact here; on a Gaudi 1 is a faster approximation. Raises `TypeError` for another type
    and `NotImplementedError` for a tensor off the device.
    """

    @staticmethod
    def forward(ctx: Any, inp: Any, flavor: int) -> Any:
        """Same shape and type as `inp`."""
        require_hpu("hpu::custom_softmax", (inp,))
        if inp.dtype is not torch.bfloat16:
            raise TypeError(f"CustomSoftmax takes bfloat16 only, not {inp.dtype}")
        result = torch.softmax(inp, -1)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> tuple[Any, None]:
        """The gradient of `inp`, computed in float32."""
        (result,) = ctx.saved_tensors
        product = gradient.float() * result.float()
        return (product - result.float() * product.sum(-1, keepdim=True)).to(torch.bfloat16), None
