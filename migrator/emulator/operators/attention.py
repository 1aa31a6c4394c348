"""`scaled_dot_product_attention` by the CPU's flash kernel wherever the CPU would take it.

torch offers that kernel to CPU tensors only; on a PrivateUse1 device it decomposes into matrix products, whose results
differ in the last bits. Forward and backward of the flash kernel work on aliases like any other operator.
"""

from __future__ import annotations

from typing import Any

import torch

from migrator.emulator.tensors.alias import as_cpu
from migrator.emulator.tensors.traced import is_traced
from migrator.emulator.torch_private.eager import no_modes

_FLASH = 1  # at::native::SDPBackend
_aten = torch.ops.aten
# torch's own implementation for all devices; it is found under the keys of real ones only.
_decomposed = torch.library.get_kernel("aten::scaled_dot_product_attention", "AutogradCPU").call_boxed


def attention(  # noqa: PLR0913 - the operator's own signature
    keys: Any,
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """The operator, with the dispatcher's keys before its arguments."""
    options = {"scale": scale, "enable_gqa": enable_gqa}
    one_device = query.device == key.device == value.device
    if one_device and choose(query, key, value, attn_mask, dropout_p, is_causal, **options) == _FLASH:
        mask = _additive(attn_mask, query.dtype)
        return _aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, dropout_p, is_causal, attn_mask=mask, scale=scale
        )[0]
    return _decomposed(keys, query, key, value, attn_mask, dropout_p, is_causal, **options)


def choose(query: Any, key: Any, value: Any, mask: Any = None, *rest: Any, **named: Any) -> Any:
    """`aten::_fused_sdp_choice`: what the CPU would choose, asked about tensors that need the same gradients."""
    tensors = (query, key, value, mask)
    if not is_traced(query):
        return _aten._fused_sdp_choice(*map(_like, tensors), *rest, **named)
    with no_modes():
        return _aten._fused_sdp_choice(*map(_sized_like, tensors), *rest, **named)


def _like(tensor: Any) -> Any:
    if tensor is None:
        return None
    cpu = as_cpu(tensor)
    return cpu.detach().requires_grad_() if tensor.requires_grad else cpu


def _sized_like(tensor: Any) -> Any:
    """For what a compiler traces with, which has no memory: the choice depends on sizes, strides and types alone."""
    if tensor is None:
        return None
    sizes, strides = (tuple(map(_hint, each)) for each in (tensor.shape, tensor.stride()))
    return torch.empty_strided(sizes, strides, dtype=tensor.dtype, requires_grad=tensor.requires_grad)


def _hint(size: Any) -> int:
    """The size seen first where it is symbolic; asking for its value would fix it."""
    return size if isinstance(size, int) else int(size.node.hint)


def _additive(mask: Any, dtype: Any) -> Any:
    """A boolean mask as the flash kernel wants it: zero where to attend, minus infinity elsewhere."""
    if mask is None or mask.dtype is not torch.bool:
        return mask
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(mask.logical_not(), float("-inf"))
