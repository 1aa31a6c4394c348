"""Registers everything with torch, in the order it needs."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.library import Library

from migrator.emulator import (
    alias,
    attention,
    autocast,
    generator,
    nn_kernels,
    storage_kernels,
    storage_patches,
    tensor_patches,
    torch_hpu,
)
from migrator.emulator.device import Guard, Hooks
from migrator.emulator.kernels import Kernel, fallback_kernel, lazy_kernel
from migrator.emulator.recurrent import recurrent_kernels
from migrator.emulator.schema import is_view, read_operator
from migrator.emulator.torch_private import has_kernel, operator_names, setup_device

# A library's kernels live as long as it does.
_libraries: list[Library] = []
_BY_HAND = {**storage_kernels.KERNELS, **nn_kernels.KERNELS, "aten::_fused_sdp_choice": attention.choose}
# They change sizes in place and have no CPU kernel of their own: torch's common one would leave the alias stale.
_INPLACE_VIEWS = (
    "aten::as_strided_",
    "aten::squeeze_",
    "aten::squeeze_.dim",
    "aten::squeeze_.dims",
    "aten::t_",
    "aten::transpose_",
    "aten::unsqueeze_",
)


def register_all(autocast_lists: str, check_aliases: bool) -> None:
    """The device, its operators, autocast, and the patches of torch's Python side."""
    # Read first: a list that cannot be read must not leave half a device behind.
    casting = list(autocast.autocast_kernels(autocast_lists))
    setup_device("hpu", backend_module=torch_hpu, hook=Hooks(), device_guard=Guard())
    alias.install(check_aliases)
    _register_operators()
    _register_autocast(casting)
    storage_patches.install()
    tensor_patches.install()
    generator.install()


def _register_operators() -> None:
    library = Library("aten", "IMPL")
    for name, kernel in _BY_HAND.items():
        library.m.impl(name, "PrivateUse1", kernel, False)
    for name in _generated():
        library.m.impl(name, "PrivateUse1", lazy_kernel(name), False)
    for name in _views():
        # A view is only metadata: the CPU's own kernel does it on the hpu tensor, without Python in between.
        library.m.impl(name, "PrivateUse1", torch.library.get_kernel(name, "CPU").call_boxed, True)
    for key in ("PrivateUse1", "AutogradPrivateUse1"):
        library.m.impl("aten::dropout", key, nn_kernels.dropout, False)
        library.m.impl("aten::scaled_dot_product_attention", key, attention.attention, True)
    for name, kernel in recurrent_kernels():
        library.m.impl(name, "AutogradPrivateUse1", kernel, False)
        library.m.impl(name, "PrivateUse1", kernel, False)
    rest = Library("_", "IMPL")
    rest.fallback(fallback_kernel, "PrivateUse1")
    rest.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    _libraries.extend((library, rest))


def _register_autocast(kernels: list[tuple[str, Kernel]]) -> None:
    library = Library("aten", "IMPL")
    for name, kernel in kernels:
        library.m.impl(name, "AutocastPrivateUse1", kernel, False)
    autocast.install_cache()
    _libraries.append(library)


def _generated() -> Iterator[str]:
    views = set(_views())
    for name in operator_names():
        if name.startswith("aten::") and name not in _BY_HAND and name not in views and _runs_on_cpu(name):
            yield name


def _runs_on_cpu(name: str) -> bool:
    return has_kernel(name, "CPU") or name.startswith("aten::_foreach_") or name in _INPLACE_VIEWS


def _views() -> Iterator[str]:
    for name in operator_names():
        if not name.startswith("aten::") or name in _BY_HAND or not has_kernel(name, "CPU"):
            continue
        operator = read_operator(name)
        if operator is not None and is_view(operator):
            yield name
