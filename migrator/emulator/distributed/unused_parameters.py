"""DistributedDataParallel with `find_unused_parameters=True` or `static_graph=True`.

Its C++ copies the map of used parameters to the device by way of pinned memory, whose allocator a backend in Python
cannot offer (torch/csrc/distributed/c10d/reducer.cpp, `all_reduce_local_used_map`). From the first model that needs it,
the CPU's own allocation takes the option off and marks the memory, as the emulated device's Python side does.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import distributed
from torch.library import Library

from migrator.emulator.torch_private.eager import CPU_KEYS

_libraries: list[Library] = []
_empty_strided = torch.library.get_kernel("aten::empty_strided", "CPU").call_boxed


class Reducer(distributed.Reducer):  # type: ignore[misc]
    """The reducer that DistributedDataParallel makes for itself."""

    def __init__(self, parameters: Any, *arguments: Any, **named: Any) -> None:
        super().__init__(parameters, *arguments, **named)
        # Before it: bucket indices, their limits, the group, sparse gradients, the size of a bucket.
        if named.get("find_unused_parameters") or any(arguments[5:6]):
            _allow_pinned_memory()

    def _set_static_graph(self) -> None:
        _allow_pinned_memory()  # its first step looks for unused parameters
        super()._set_static_graph()


def install() -> None:
    """Put the reducer where DistributedDataParallel finds it."""
    distributed.Reducer = Reducer


def _allow_pinned_memory() -> None:
    if _libraries:
        return
    library = Library("aten", "IMPL")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Warning only once for all operators", UserWarning)
        library.m.impl("aten::empty_strided", "CPU", _empty_cpu, False)
    library.m.impl("aten::is_pinned", "CPU", _is_pinned, False)
    _libraries.append(library)


def _empty_cpu(
    size: Any, stride: Any, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: Any = None
) -> Any:
    out = _empty_strided(CPU_KEYS, size, stride, dtype=dtype, layout=layout, device=device)
    if pin_memory:
        out.untyped_storage()._hpu_pinned = True
    return out


def _is_pinned(tensor: Any, device: Any = None) -> bool:
    return "_hpu_pinned" in tensor.untyped_storage().__dict__
