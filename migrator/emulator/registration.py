"""Registers everything with torch, in the order it needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.library import Library

from migrator.emulator import distributed, generator, surface, torch_hpu
from migrator.emulator.autocast.kernels import autocast_kernels, install_cache
from migrator.emulator.device import Guard, Hooks
from migrator.emulator.operators import attention, custom_operators, nn_kernels, overlay, storage_kernels, unsupported
from migrator.emulator.operators.kernels import Kernel, fallback_kernel, lazy_kernel
from migrator.emulator.operators.recurrent import recurrent_kernels
from migrator.emulator.operators.schema import is_view, read_operator
from migrator.emulator.tensors import alias, lazy_modules, pinned_factories, storage_patches, tensor_patches
from migrator.emulator.torch_private.eager import has_kernel, operator_names, setup_device

# A library's kernels live as long as it does.
_libraries: list[Library] = []
_BY_HAND: dict[str, Any] = {
    **storage_kernels.KERNELS,
    **nn_kernels.KERNELS,
    **dict(unsupported.makers()),
    "aten::_fused_sdp_choice": attention.choose,
}
# They have no CPU kernel of their own, but torch's common one would not do: where sizes change in place it would leave
# the alias stale, of `addr_` it compares addresses of arguments, of `mode` it knows a few devices only.
_ON_CPU_WHOLE = (
    "aten::addr_",
    "aten::as_strided_",
    "aten::mode.values",
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
    casting = list(autocast_kernels(autocast_lists))
    setup_device("hpu", backend_module=torch_hpu, hook=Hooks(), device_guard=Guard())
    alias.install(check_aliases)
    _register_operators()
    _register_autocast(casting)
    storage_patches.install()
    tensor_patches.install()
    lazy_modules.install()
    pinned_factories.install()
    custom_operators.install()
    generator.install()
    surface.install()
    distributed.install()


def _register_operators() -> None:
    library = Library("aten", "IMPL")
    views = frozenset(_views())
    for name, kernel in _BY_HAND.items():
        overlay.register(library, name, "PrivateUse1", kernel)
    for name in _generated(views):
        overlay.register(library, name, "PrivateUse1", lazy_kernel(name))
    for name in views:
        # A view is only metadata: the CPU's own kernel does it on the hpu tensor, without Python in between.
        library.m.impl(name, "PrivateUse1", torch.library.get_kernel(name, "CPU").call_boxed, True)
    for key in ("PrivateUse1", "AutogradPrivateUse1"):
        library.m.impl("aten::dropout", key, nn_kernels.dropout, False)
        library.m.impl("aten::scaled_dot_product_attention", key, attention.attention, True)
    for name, kernel in recurrent_kernels():
        overlay.register(library, name, "AutogradPrivateUse1", kernel)
        overlay.register(library, name, "PrivateUse1", kernel)
    library.m.impl(*unsupported.COMPRESSED, unsupported.refuse_compressed, False)
    rest = Library("_", "IMPL")
    rest.fallback(fallback_kernel, "PrivateUse1")
    rest.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    for key, kind in unsupported.LAYOUTS.items():
        rest.fallback(unsupported.fallback(kind), key)
    _libraries.extend((library, rest))


def _register_autocast(kernels: list[tuple[str, Kernel]]) -> None:
    library = Library("aten", "IMPL")
    for name, kernel in kernels:
        library.m.impl(name, "AutocastPrivateUse1", kernel, False)
    install_cache()
    _libraries.append(library)


def _generated(views: frozenset[str]) -> Iterator[str]:
    for name in operator_names():
        if name.startswith("aten::") and name not in _BY_HAND and name not in views and _runs_on_cpu(name):
            yield name


def _runs_on_cpu(name: str) -> bool:
    return has_kernel(name, "CPU") or name.startswith("aten::_foreach_") or name in _ON_CPU_WHOLE


def _views() -> Iterator[str]:
    for name in operator_names():
        if not name.startswith("aten::") or name in _BY_HAND or not has_kernel(name, "CPU"):
            continue
        operator = read_operator(name)
        if operator is not None and is_view(operator):
            yield name
