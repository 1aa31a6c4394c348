"""Kernels of the emulated device, one for each operator, written when first called.

A kernel is registered as a function that holds only a first step: it writes the operator's source, compiles it, and
takes over its code object. So the registered function stays the same, later calls pay nothing for the laziness, and
activation does not compile a thousand functions.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

import torch
from torch import Tensor

from migrator.emulator.counting.counters import is_counting, note_host_read
from migrator.emulator.operators import placement
from migrator.emulator.operators.codegen import INPLACE_VIEW_SOURCE, kernel_source
from migrator.emulator.operators.schema import HOST_INDICES, Operator, describe, is_inplace_view, read_operator
from migrator.emulator.tensors import alias
from migrator.emulator.torch_private.eager import CPU_KEYS, has_computed_kernel

Kernel = Callable[..., Any]
_fallbacks: dict[str, Kernel] = {}


def lazy_kernel(name: str) -> Kernel:
    """The kernel of the operator called `name`."""
    namespace: dict[str, Any] = {"__builtins__": __builtins__, "write": _write_named, "name": name}
    kernel = FunctionType(_first_call.__code__, namespace)
    namespace["this"] = kernel
    return kernel


def fallback_kernel(overload: Any, *arguments: Any, **named: Any) -> Any:
    """For operators without a kernel of their own here, like those of other libraries: run it on the CPU aliases."""
    name = overload.name()
    kernel = _fallbacks.get(name)
    if kernel is None:
        if not has_computed_kernel(name, "CPU"):
            raise NotImplementedError(f"{name} has no kernel for hpu, and none for the CPU that could stand in for it")
        namespace: dict[str, Any] = {}
        kernel = _fallbacks[name] = _compile(describe(overload), namespace)
    return kernel(*arguments, **named)


def _first_call(*arguments, **named):  # type: ignore[no-untyped-def]
    # Its globals are the kernel's namespace, not this module's.
    write(this, name)  # type: ignore[name-defined]  # noqa: F821
    return this(*arguments, **named)  # type: ignore[name-defined]  # noqa: F821


def _write_named(kernel: FunctionType, name: str) -> None:
    operator = read_operator(name)
    if operator is None:
        raise NotImplementedError(f"torch has no operator {name}")
    kernel.__code__ = _compile(operator, kernel.__globals__).__code__


def _compile(operator: Operator, namespace: dict[str, Any]) -> FunctionType:
    namespace.update(_bindings(operator))
    if is_inplace_view(operator):
        namespace["call"] = _on_metadata(operator)
        code = INPLACE_VIEW_SOURCE
    else:
        code = kernel_source(operator)
    # A file name in this folder: torch.compile leaves the code of this folder alone.
    exec(compile(code, f"{__file__}:{operator.name}", "exec"), namespace)  # noqa: S102 - our own source
    return cast(FunctionType, namespace["kernel"])


def _on_metadata(operator: Operator) -> Kernel:
    redispatch = operator.overload.redispatch
    return lambda *arguments, **named: redispatch(CPU_KEYS, *arguments, **named)


def _bindings(operator: Operator) -> dict[str, Any]:
    mixing = placement.takes_host_scalars(operator)
    return {
        "as_hpu": alias.as_hpu,
        "call": operator.overload._op,
        "first_operand": placement.first_operand if mixing else placement.written,
        "follow_alias": alias.follow_alias,
        "lower": _lowering(operator),
        "lower_list": _list_lowering(operator),
        "lower_written": placement.lower_written,
        "note_host_read": note_host_read,
        "note_masks": note_masks,
        "numbers": _number_path(operator),
        "operand": placement.operand if mixing else placement.device_operand,
        "written": placement.written,
    }


def _lowering(operator: Operator) -> Kernel:
    if operator.base in HOST_INDICES:
        return placement.lower_freely
    return placement.lower if placement.takes_host_scalars(operator) else placement.lower_strictly


def _list_lowering(operator: Operator) -> Kernel:
    """For a list of hpu tensors: `_foreach_` operators get long ones, whose aliases are mostly known."""
    lower = _lowering(operator)

    def lower_list(values: Any) -> Any:
        if values is None:
            return None
        lowered = []
        for each in values:
            known = each._cpu_alias if isinstance(each, Tensor) else None
            lowered.append(lower(each) if known is None else known)
        return lowered

    return lower_list


def note_masks(indices: Any) -> None:
    """A mask among the indices is a host read: how many elements it selects is known on the device only."""
    if is_counting() and any(each is not None and each.dtype in (torch.bool, torch.uint8) for each in indices):
        note_host_read("index")


def _number_path(operator: Operator) -> Kernel:
    """For calls with a Python number where the schema has a tensor: let torch choose the overload for the number."""
    packet = operator.overload._overloadpacket
    lower = _lowering(operator)
    written = [each.name for each in operator.keywords if each.written]
    scalar = _scalar_overload(operator)
    is_in_place = bool(operator.arguments) and bool(operator.arguments[0].written)

    def call_with_numbers(arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if scalar is not None and not named and len(arguments) == 2 and isinstance(arguments[0], Tensor):
            if is_in_place:
                scalar(placement.written(arguments[0]), arguments[1])
                return arguments[0]
            return alias.as_hpu(scalar(lower(arguments[0]), arguments[1]))
        for argument, value in zip(operator.arguments, arguments, strict=False):
            if argument.written and isinstance(value, Tensor):
                placement.written(value)
        lowered = {name: placement.lower_written(v) if name in written else lower(v) for name, v in named.items()}
        out = packet(*map(lower, arguments), **lowered)
        for name in written:
            alias.follow_alias(named[name], lowered[name])
        return _relabel(operator, out, arguments, named)

    return call_with_numbers


def _scalar_overload(operator: Operator) -> Kernel | None:
    """`mul.Scalar` for `mul.Tensor`: what most numbers are for, without torch's search among the overloads."""
    packet = operator.overload._overloadpacket
    if operator.overload._overloadname != "Tensor" or "Scalar" not in packet.overloads():
        return None
    types = [(each.name, str(each.type)) for each in packet.Scalar._schema.arguments if not each.has_default_value()]
    is_pair = [kind for _, kind in types] == ["Tensor", "number"]
    return packet.Scalar._op if is_pair and operator.name.split("::")[0] == "aten" else None


def _relabel(operator: Operator, out: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    owner = operator.returned_argument(0) if operator.overload._schema.returns else None
    if owner is not None:
        return named[owner.name] if owner.keyword_only else arguments[operator.arguments.index(owner)]
    return _relabel_all(out)


def _relabel_all(out: Any) -> Any:
    if isinstance(out, Tensor):
        return alias.as_hpu(out)
    return type(out)(map(_relabel_all, out)) if isinstance(out, list | tuple) else out
