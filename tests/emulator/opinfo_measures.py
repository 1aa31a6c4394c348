"""What is measured with torch's database of operators: each measure is a list of cases with one title.

The tests assert them; benchmarks/opinfo.py prints them as a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map_only

from tests.emulator import opinfo_exceptions as reasons
from tests.emulator.module_cases import module_cases
from tests.emulator.opinfo import (
    Case,
    NotMeasuredError,
    Sample,
    both,
    call,
    compare,
    gradients,
    name_of,
    operators,
    outcome,
    samples,
    second_gradients,
    to_hpu,
)

NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Measure:
    """Cases; those of them that differ from the CPU, with the reason of each; and those that the CPU cannot run."""

    title: str
    cases: Callable[[], list[Case]]
    exceptions: dict[str, str]
    unmeasured: dict[str, str]


@dataclass(frozen=True)
class Result:
    """What came of a case: how it differs, or nothing, or that it was not measured."""

    name: str
    difference: str


def run(cases: list[Case]) -> Iterator[Result]:
    """Run each case in one thread: with two, the gradients of CTC differ from call to call on the CPU too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for case in cases:
            yield Result(case.name, _difference(case))
    finally:
        torch.set_num_threads(threads)


def _difference(case: Case) -> str:
    try:
        case.check()
    except NotMeasuredError:
        return NOT_MEASURED
    except Exception as error:  # whatever an operator raises is a result here
        return f"{type(error).__name__}: {error}".strip().partition("\n")[0][:200]
    return ""


def forward(dtype: torch.dtype) -> list[Case]:
    """The operators' results."""
    return [Case(name_of(op), partial(both, op, dtype, partial(call, op))) for op in operators(dtype)]


def backward(dtype: torch.dtype) -> list[Case]:
    """The gradients of their inputs."""
    chosen = operators(dtype, backward=True)
    return [Case(name_of(op), partial(both, op, dtype, partial(gradients, op), requires_grad=True)) for op in chosen]


def double_backward() -> list[Case]:
    """The gradients of their gradients: values, not strides."""
    chosen = [op for op in operators(torch.float32, backward=True) if op.supports_gradgrad]
    check = partial(both, dtype=torch.float32, requires_grad=True, strides=False)
    return [Case(name_of(op), partial(check, op, use=partial(second_gradients, op))) for op in chosen]


def in_place() -> list[Case]:
    """The operators with a trailing underscore: the tensor that they change and return."""
    chosen = [op for op in operators(torch.float32) if op.inplace_variant is not None]
    return [Case(name_of(op), partial(both, op, torch.float32, partial(_change, op))) for op in chosen]


def _change(op: Any, sample: Sample) -> Any:
    target = sample.input.clone()
    out = call(op.inplace_variant, Sample(target, sample.args, sample.kwargs, sample.finish))
    assert out is target, "another tensor than the changed one is returned"
    return out


def out_variants() -> list[Case]:
    """`out=`: of the right size, empty, of a wrong size (which warns), and with strides of its own."""
    chosen = [op for op in operators(torch.float32) if op.supports_out]
    return [Case(name_of(op), partial(_check_out, op)) for op in chosen]


def _check_out(op: Any) -> None:
    measured = 0
    for on_cpu, on_hpu in samples(op, torch.float32):
        results = call(op, on_cpu)
        for prepare in _OUTPUTS:
            expected = outcome(partial(_write, op, on_cpu, tree_map_only(Tensor, prepare, results)))
            actual = outcome(partial(_write, op, on_hpu, tree_map_only(Tensor, _on_hpu(prepare), results)))
            compare(expected, actual, name=name_of(op))
            assert expected.error or expected.warned == actual.warned, f"warnings: {expected.warned}, {actual.warned}"
            measured += not expected.error
    if not measured:
        raise NotMeasuredError(name_of(op))


def _write(op: Any, sample: Sample, out: Any) -> Any:
    returned = call(partial(op, out=out), sample)
    pairs = zip(tree_leaves(returned), tree_leaves(out), strict=True)
    assert returned is None or all(one is other for one, other in pairs), "another tensor than out= is returned"
    return out


def _right(like: Tensor) -> Tensor:
    return torch.zeros_like(like)


def _empty(like: Tensor) -> Tensor:
    return torch.empty(0, dtype=like.dtype)


def _wrong(like: Tensor) -> Tensor:
    return torch.zeros(like.numel() + 1, dtype=like.dtype)


def _spread(like: Tensor) -> Tensor:
    return torch.zeros(*like.shape, 2, dtype=like.dtype)[..., 0]


_OUTPUTS = (_right, _empty, _wrong, _spread)


def _on_hpu(prepare: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Any]:
    return lambda like: to_hpu(prepare(like))


def _measure(title: str, name: str, cases: Callable[[], list[Case]]) -> Measure:
    return Measure(title, cases, reasons.EXCEPTIONS.get(name, {}), reasons.UNMEASURED.get(name, {}))


MEASURES = {
    name: _measure(title, name, cases)
    for name, title, cases in (
        ("forward", "forward, float32", partial(forward, torch.float32)),
        ("backward", "backward, float32", partial(backward, torch.float32)),
        ("double-backward", "double backward, float32", double_backward),
        ("in-place", "in place, float32", in_place),
        ("out", "out=, float32", out_variants),
        ("forward-bf16", "forward, bfloat16", partial(forward, torch.bfloat16)),
        ("backward-bf16", "backward, bfloat16", partial(backward, torch.bfloat16)),
        ("forward-int64", "forward, int64", partial(forward, torch.int64)),
        ("forward-complex", "forward, complex64", partial(forward, torch.complex64)),
        ("backward-complex", "backward, complex64", partial(backward, torch.complex64)),
        ("modules", "modules, forward and backward", module_cases),
    )
}
