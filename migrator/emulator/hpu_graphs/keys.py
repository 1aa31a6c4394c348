"""What tells calls apart that need HPU graphs of their own."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import torch
from torch import Tensor

from migrator.emulator.torch_private.eager import tree_flatten


def input_key(inputs: Any, *, views: bool = True) -> Hashable:
    """A key of nested arguments: equal for tensors of the same sizes and types (and strides, with `views`).

    Other values are compared; raises `TypeError` for those that cannot be hashed. Autocast and grad mode are part of
    the key: other operators would be captured.
    """
    leaves, structure = tree_flatten(inputs)
    autocast = torch.is_autocast_enabled("hpu") and torch.get_autocast_dtype("hpu")
    return (tuple(_leaf(each, views) for each in leaves), repr(structure), autocast, torch.is_grad_enabled())


def _leaf(value: Any, views: bool) -> Hashable:
    if not isinstance(value, Tensor):
        return type(value), value
    layout = (value.stride(), value.storage_offset()) if views else ()
    return (*value.shape, value.dtype, value.device, value.requires_grad, *layout)
