"""What the operators hpu::rotary_pos_embedding and its backward compute.

Formulas: docstring of apply_rotary_pos_emb and tests/pytest_working/any_mode/test_hpu_rotary_pos_embedding_helper.py of
the bridge, release 1.19.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import torch

from habana_frameworks.torch.hpex.device_tensors import require_hpu


class RotaryPosEmbeddingMode(Enum):
    """What turns: the two halves of the last dimension against each other, or neighbouring pairs."""

    BLOCKWISE = 0
    PAIRWISE = 1


def same_type(values: Any, cos: Any, sin: Any) -> tuple[Any, Any, Any]:
    """All three in float32 if one of them is, else in the type of `values`."""
    wide = any(each.dtype is torch.float32 for each in (values, cos, sin))
    dtype = torch.float32 if wide else values.dtype
    return values.to(dtype), cos.to(dtype), sin.to(dtype)


def rotate(values: Any, cos: Any, sin: Any, position_ids: Any, offset: int, mode: RotaryPosEmbeddingMode) -> Any:
    """`values` turned: values * cos + quarter turn of values * sin. Raises `NotImplementedError` off the device."""
    require_hpu("hpu::rotary_pos_embedding", (values, cos, sin, position_ids))
    cos, sin = _rows(cos, position_ids, offset, mode, values), _rows(sin, position_ids, offset, mode, values)
    with torch.autocast("hpu", enabled=False):
        return values * cos + _quarter_turn(values, mode) * sin


def rotate_back(gradient: Any, cos: Any, sin: Any, position_ids: Any, offset: int, mode: RotaryPosEmbeddingMode) -> Any:
    """The gradient of what `rotate` turned."""
    cos, sin = _rows(cos, position_ids, offset, mode, gradient), _rows(sin, position_ids, offset, mode, gradient)
    with torch.autocast("hpu", enabled=False):
        # The transpose of a quarter turn is the quarter turn the other way.
        return gradient * cos - _quarter_turn(gradient * sin, mode)


def rotate_cached_pairs(values: Any, cache: Any, *, backwards: bool) -> Any:
    """Pairs of `values`, [length, batch, heads, width], turned by `cache`, [positions, ..., pairs, (cos, sin)]."""
    require_hpu("hpu::rotary_pos_embedding", (values, cache))
    length, _, heads, _ = values.shape
    pairs = cache.shape[-2]
    turned = values[..., : 2 * pairs].reshape(length, -1, heads, pairs, 2)
    cos, sin = cache[:length].reshape(length, -1, 1, pairs, 2).to(values.dtype).unbind(-1)
    if backwards:
        sin = -sin
    first, second = turned.unbind(-1)
    with torch.autocast("hpu", enabled=False):
        turned = torch.stack((first * cos - second * sin, second * cos + first * sin), dim=-1).flatten(-2)
        return torch.cat((turned, values[..., 2 * pairs :]), dim=-1)


def _rows(table: Any, position_ids: Any, offset: int, mode: RotaryPosEmbeddingMode, values: Any) -> Any:
    """The part of a table of cosines or sines that belongs to `values`."""
    if position_ids is not None:
        by_head = table.reshape((1,) * (4 - table.dim()) + tuple(table.shape))[0]
        return by_head[:, position_ids].transpose(0, 1)
    if mode is RotaryPosEmbeddingMode.PAIRWISE:
        return table
    return table[..., offset : offset + values.shape[-1]]


def _quarter_turn(values: Any, mode: RotaryPosEmbeddingMode) -> Any:
    if mode is RotaryPosEmbeddingMode.PAIRWISE:
        first, second = values[..., ::2], values[..., 1::2]
        return torch.stack((-second, first), dim=-1).flatten(-2)
    first, second = values.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)
