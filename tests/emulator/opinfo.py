"""torch's own database of operators (OpInfo), read for comparing the emulated device with the CPU.

A case is one operator with one check. A check runs samples of the database on both devices and raises where the
outcomes differ: values and gradients to the last bit, sizes, strides, types, warnings, and errors.
"""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils._pytree import tree_leaves, tree_map

SAMPLES: int | None = None  # all
SEED = 1
# What their results hold is chance on the CPU too: uninitialised memory, so only sizes, strides and types are compared.
UNINITIALISED = frozenset(("empty", "empty_like", "empty_permuted", "empty_strided", "new_empty", "new_empty_strided"))
# LAPACK's gelsy gives other last bits from call to call, on the CPU too: compared with torch's usual tolerance.
INEXACT = frozenset(("linalg.lstsq", "linalg.lstsq.grad_oriented"))
ONLY_ON_GPUS = "jiterator_"
# torch wants these arguments on the CPU, on every device.
HOST_ARGUMENTS = frozenset(("tensor_split",))
# Their results are where `device=` says, not where their arguments are.
FACTORIES = frozenset(("arange", "linspace", "logspace"))


@dataclass(frozen=True)
class Case:
    """One operator and its check, which raises where the devices differ."""

    name: str
    check: Callable[[], None]


@dataclass(frozen=True)
class Sample:
    """One call of the database, for one device."""

    input: Any
    args: Any
    kwargs: Any
    finish: Callable[[Any], Any]

    @property
    def leaves(self) -> list[Any]:
        """Tensors that want a gradient."""
        every = tree_leaves((self.input, self.args, self.kwargs))
        return [each for each in every if differentiable(each) and each.is_leaf]


def operators(dtype: torch.dtype, *, backward: bool = False) -> list[Any]:
    """The database's operators that a CPU has for `dtype`."""
    chosen = []
    for op in op_db:
        offered = op.supported_backward_dtypes("cpu") if backward else op.supported_dtypes("cpu")
        if dtype in offered and not op.name.startswith(ONLY_ON_GPUS) and (op.supports_autograd or not backward):
            chosen.append(op)
    return chosen


def name_of(op: Any) -> str:
    """Name with its variant, which is unique in the database."""
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


def samples(op: Any, dtype: torch.dtype, *, requires_grad: bool = False) -> Iterator[tuple[Sample, Sample]]:
    """The first samples, for the CPU and for the device."""
    torch.manual_seed(0)
    found = op.sample_inputs("cpu", dtype, requires_grad=requires_grad)
    for each in itertools.islice(found, SAMPLES):
        on_cpu = Sample(*tree_map(leaf, (each.input, each.args, each.kwargs)), each.output_process_fn_grad)
        yield on_cpu, on_device(on_cpu, op.name)


def on_device(sample: Sample, name: str) -> Sample:
    """The same call with everything on hpu."""
    rest = (sample.args, sample.kwargs)
    args, kwargs = rest if name in HOST_ARGUMENTS else tree_map(to_hpu, rest)
    if name in FACTORIES:
        kwargs = {**kwargs, "device": "hpu"}
    return Sample(tree_map(to_hpu, sample.input), args, kwargs, sample.finish)


def leaf(value: Any) -> Any:
    """The same value, a tensor without a history: some samples are views of one another."""
    return value.detach().requires_grad_(value.requires_grad) if isinstance(value, Tensor) else value


def to_hpu(value: Any) -> Any:
    """The same value on the device; of a tensor the whole storage, since samples may reach beyond their elements."""
    if isinstance(value, torch.device):
        return torch.device("hpu")
    if isinstance(value, str):
        return "hpu" if value == "cpu" else value
    if not isinstance(value, Tensor):
        return value
    plain = value.detach()
    if plain.layout is not torch.strided or plain.is_conj() or plain.is_neg() or not plain.numel():
        return plain.to("hpu").requires_grad_(value.requires_grad)
    elements = plain.untyped_storage().nbytes() // plain.element_size()
    moved = plain.as_strided((elements,), (1,), 0).to("hpu")
    view = moved.as_strided(plain.shape, plain.stride(), plain.storage_offset())
    return view.detach().requires_grad_(value.requires_grad)


def call(op: Callable[..., Any], sample: Sample) -> Any:
    """What the operator returns."""
    torch.manual_seed(SEED)
    return op(sample.input, *sample.args, **sample.kwargs)


def gradients(op: Callable[..., Any], sample: Sample, *, create_graph: bool = False) -> list[Any]:
    """Of the sum of all results' magnitudes by each leaf."""
    outputs = [each for each in tree_leaves(sample.finish(call(op, sample))) if differentiable(each)]
    if not outputs or not sample.leaves:
        return []
    sums = [each.abs().sum() for each in outputs]
    return list(torch.autograd.grad(sums, sample.leaves, allow_unused=True, create_graph=create_graph))


def second_gradients(op: Callable[..., Any], sample: Sample) -> list[Any]:
    """Of the sum of all gradients' magnitudes by each leaf."""
    first = [each for each in gradients(op, sample, create_graph=True) if each is not None]
    sums = [each.abs().sum() for each in first if differentiable(each)]
    return [*first, *(torch.autograd.grad(sums, sample.leaves, allow_unused=True) if sums else ())]


def differentiable(value: Any) -> bool:
    """Whether autograd knows where it comes from."""
    return isinstance(value, Tensor) and value.requires_grad


class NotMeasuredError(Exception):
    """The CPU runs no sample of the operator this way either."""


@dataclass(frozen=True)
class Outcome:
    """What a call came to: a value or an error, and the warnings on the way."""

    value: Any
    error: str
    warned: tuple[str, ...]


def outcome(use: Callable[[], Any]) -> Outcome:
    """Run `use`; an error is an outcome like any other, which the other device must have too."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.set_warn_always(True)  # also those that torch gives once a process
        try:
            value, error = use(), ""
        except Exception as raised:  # whatever an operator raises is a result here
            value, error = None, f"{type(raised).__name__}: {raised}".partition("\n")[0]
        finally:
            torch.set_warn_always(False)
    return Outcome(value, error, tuple(sorted({str(each.message).partition("\n")[0] for each in caught})))


def compare(expected: Outcome, actual: Outcome, *, name: str = "", strides: bool = True) -> None:
    """Raise where they differ."""
    if expected.error or actual.error:
        kinds = [each.error.partition(":")[0] for each in (expected, actual)]
        assert kinds[0] == kinds[1], f"CPU: {expected.error or 'no error'}; hpu: {actual.error or 'no error'}"
        return
    bounds = {} if name in INEXACT else {"rtol": 0, "atol": 0}
    same(expected.value, actual.value, values=name not in UNINITIALISED, strides=strides, **bounds)


def same(expected: Any, actual: Any, *, values: bool, strides: bool, **bounds: float) -> None:
    """The same leaves: numbers equal, tensors on their devices with equal layout and equal bits."""
    for before, after in zip(tree_leaves(expected), tree_leaves(actual), strict=True):
        if not isinstance(before, Tensor):
            assert before == after
            continue
        on = "hpu" if before.is_cpu else before.device.type
        assert after.device.type == on, f"the result is on {after.device}, not on {on}"
        layouts = [(tuple(each.shape), each.dtype, each.stride() if strides else ()) for each in (before, after)]
        assert layouts[0] == layouts[1], f"CPU has sizes, type and strides {layouts[0]}, hpu {layouts[1]}"
        if values:
            torch.testing.assert_close(after.detach().cpu(), before.detach(), equal_nan=True, **bounds)


def both(
    op: Any, dtype: torch.dtype, use: Callable[[Sample], Any], *, requires_grad: bool = False, strides: bool = True
) -> None:
    """Compare `use` of each sample on both devices. Raises `NotMeasuredError` when none succeeds."""
    succeeded = 0
    for on_cpu, on_hpu in samples(op, dtype, requires_grad=requires_grad):
        expected = outcome(functools.partial(use, on_cpu))
        compare(expected, outcome(functools.partial(use, on_hpu)), name=name_of(op), strides=strides)
        succeeded += not expected.error
    if not succeeded:
        raise NotMeasuredError(name_of(op))
