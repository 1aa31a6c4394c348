"""Lazy modules moved to the device before their first input, like `nn.LazyConv2d(8, 3).to("hpu")`.

`module.to` swaps parameters here (see `tensor_patches`), and a swap takes the class along: the parameter without sizes
would come back as an empty one, and the module would believe that it is initialised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.nn import Module
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import is_lazy


def install() -> None:
    """Give lazy modules an `_apply` that keeps the classes of their parameters."""
    LazyModuleMixin._apply = _apply


def _apply(module: Any, fn: Callable[[Any], Any], recurse: bool = True) -> Any:
    lazy = [(each, type(each)) for each in module._parameters.values() if each is not None and is_lazy(each)]
    Module._apply(module, fn, recurse)
    for parameter, kind in lazy:
        parameter.__class__ = kind
    return module
