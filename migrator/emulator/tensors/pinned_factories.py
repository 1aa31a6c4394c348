"""`pin_memory=True` of torch's factories, like `torch.empty(4, pin_memory=True)`.

torch's C++ side asks the device for an allocator of pinned memory, which a backend in Python cannot offer. Pinned
memory is CPU memory that says so here, so the option is taken off the call and the result marked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch

from migrator.emulator.torch_private.eager import device_constructors, register_script_function

_FUNCTIONS = sorted(
    {"arange", "empty", "empty_like", "empty_permuted", "empty_strided", "eye", "full", "full_like", "linspace"}
    | {"logspace", "normal", "ones", "ones_like", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like"}
    | {"randperm", "scalar_tensor", "tensor", "zeros", "zeros_like"}
)


def install() -> None:
    """Patch the functions of `torch`. Methods (`tensor.new_zeros`) stay: torch.compile would not know them again."""
    # `with torch.device("hpu"):` recognises factories by identity and remembers them at its first use: the originals.
    device_constructors()
    for name in _FUNCTIONS:
        factory = _pinning(getattr(torch, name))
        setattr(torch, name, factory)
        # TorchScript, which `torch.func.jvp` uses, looks functions up by identity too.
        register_script_function(factory, f"aten::{name}")


def mark(tensor: Any) -> None:
    """Make a CPU tensor's memory say that it is pinned."""
    tensor.untyped_storage()._hpu_pinned = True


def _pinning(factory: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(factory)
    def make(*arguments: Any, **named: Any) -> Any:
        if not named.get("pin_memory"):
            return factory(*arguments, **named)
        out = factory(*arguments, **{**named, "pin_memory": False})
        if out.device.type == "hpu":
            raise RuntimeError("Only dense CPU tensors can be pinned")
        if out.is_cpu:
            mark(out)
        return out

    return make
