"""The collectives of c10d for hpu tensors: gloo's, on the CPU aliases.

Everything that communicates, the C++ of DistributedDataParallel and the functional collectives included, goes through
the operators `c10d::*`. torch's own kernels for the device would hand hpu tensors to gloo, which knows no such device;
these hand it the aliases. The outputs are the caller's own tensors, also in the result and the future of a `Work`.

A collective is done when its `Work` comes back, also with `async_op=True`, and fails there. Gaudi's works say the same
to the host (bridge 1.19, ProcessGroupHCCL.cpp: the future is complete from the start, `is_completed()` waits); only
the call itself returns earlier there. Sending and receiving stay asynchronous.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.distributed import ProcessGroup, ProcessGroupGloo, Work
from torch.futures import Future
from torch.library import Library

from migrator.emulator.device import CPU
from migrator.emulator.distributed.staging import Staging
from migrator.emulator.operators.placement import lower
from migrator.emulator.torch_private.eager import (
    HPU_KEYS,
    ProcessGroupWrapper,
    has_kernel,
    operator_names,
    work_from_future,
)

Kernel = Callable[..., Any]
_POINT_TO_POINT = frozenset({"c10d::send", "c10d::recv_", "c10d::recv_any_source_"})
_libraries: list[Library] = []


def install() -> None:
    """Register the kernels, once, over torch's own."""
    if _libraries:
        return
    library = Library("c10d", "IMPL")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Warning only once for all operators", UserWarning)
        for name in operator_names():
            if name.startswith("c10d::") and has_kernel(name, "PrivateUse1"):
                library.m.impl(name, "PrivateUse1", _kernel(name), False)
    _libraries.append(library)


def _kernel(name: str) -> Kernel:
    operator = getattr(torch.ops.c10d, name.removeprefix("c10d::")).default
    torchs_own = torch.library.get_kernel(name, "PrivateUse1").call_boxed
    tensors = [each.name for each in operator._schema.arguments].index("process_group")
    communicate = _point_to_point if name in _POINT_TO_POINT else _collective

    def kernel(*arguments: Any) -> Any:
        group = ProcessGroup.unbox(arguments[tensors])
        backend = group._get_backend(torch.device("hpu"))
        if not isinstance(backend, ProcessGroupGloo | ProcessGroupWrapper):
            return torchs_own(HPU_KEYS, *arguments)
        below = _group_of_cpu(group, backend).boxed()
        return communicate(operator, arguments[:tensors], (below, *arguments[tensors + 1 :]))

    return kernel


def _group_of_cpu(group: Any, backend: Any) -> Any:
    """The same group, whose backend serves CPU tensors. It holds nothing of its own, so one a call is enough."""
    below = ProcessGroup(group.rank(), group.size())
    below._register_backend(CPU, ProcessGroup.BackendType.GLOO, backend)
    return below


def _point_to_point(operator: Any, tensors: tuple[Any, ...], rest: tuple[Any, ...]) -> Any:
    """Gloo's own work: it knows the sender, and has no result that could name a tensor of the CPU."""
    return operator(*lower(tensors), *rest)


def _collective(operator: Any, tensors: tuple[Any, ...], rest: tuple[Any, ...]) -> Any:
    # Each names first what it writes. A barrier writes nothing: its tensor only chooses the device.
    outputs = [] if operator._schema.name == "c10d::barrier" else _outputs(tensors[0])
    computes = any("ReduceOp" in str(each.type) for each in operator._schema.arguments)
    staging = Staging(computes)
    returned = operator(staging.target(tensors[0]), *map(staging.source, tensors[1:]), *rest)
    with_tensors = isinstance(returned, tuple)
    Work.unbox(returned[1] if with_tensors else returned).wait()
    staging.copy_back()
    return (tensors[0], _done(outputs)) if with_tensors else _done(outputs)


def _outputs(written: Any) -> list[Any]:
    """The tensors of a future's value, as gloo orders them: a list of one list stands for that list."""
    if isinstance(written, Tensor):
        return [written]
    return list(written[0]) if len(written) == 1 and isinstance(written[0], list | tuple) else list(written)


def _done(outputs: list[Any]) -> Any:
    future = Future()
    future.set_result(outputs)
    return work_from_future(future).boxed()
