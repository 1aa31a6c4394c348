"""torch's own database of operators, float32, on the emulated device against the CPU. `pytest -s` prints the counts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.utils._pytree import tree_leaves, tree_map_only

pytestmark = pytest.mark.slow
SAMPLES = 6

UNINITIALISED = "its result is uninitialised memory"
REPACKED = "the sample reads beyond its own elements, and moving it to the device packs them"
HOST_INDICES = "torch wants its indices on the CPU, on every device"
LSTSQ = "LAPACK's gelsy gives other last bits from call to call, on the CPU too"
SPARSE = "sparse tensors have no storage that could be shared"
SAMPLE_NAMES_CPU = "the sample itself asks for a CPU tensor"

# Operators whose results are not those of the CPU, and why.
NOT_BACKWARD = {
    "as_strided.partial_views": REPACKED,
    "sparse.mm.reduce": SPARSE,
    "sparse.sampled_addmm": SPARSE,
    "tensor_split": HOST_INDICES,
    "to_sparse": SPARSE,
}
NOT_FORWARD = NOT_BACKWARD | {"to": SAMPLE_NAMES_CPU}
# Compared neither forward nor, where they have one, backward: equal results would be chance.
NOT_COMPARED = {
    **dict.fromkeys(("empty", "empty_like", "empty_permuted", "empty_strided"), UNINITIALISED),
    **dict.fromkeys(("new_empty", "new_empty_strided"), UNINITIALISED),
    "linalg.lstsq": LSTSQ,
    "linalg.lstsq.grad_oriented": LSTSQ,
}
ONLY_ON_GPUS = "jiterator_"


def operators() -> list[Any]:
    database = pytest.importorskip("torch.testing._internal.common_methods_invocations")
    on_cpu = (op for op in database.op_db if torch.float32 in op.supported_dtypes("cpu"))
    return [op for op in on_cpu if not op.name.startswith(ONLY_ON_GPUS) and name_of(op) not in NOT_COMPARED]


def name_of(op: Any) -> str:
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


def samples(op: Any, *, requires_grad: bool) -> Iterator[tuple[Any, Any]]:
    torch.manual_seed(0)
    inputs = op.sample_inputs("cpu", torch.float32, requires_grad=requires_grad)
    for sample in itertools.islice(inputs, SAMPLES):
        yield sample, sample.transform(to_hpu)


def to_hpu(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().to("hpu").requires_grad_(value.requires_grad)
    return value


def to_cpu(value: Any) -> Any:
    return tree_map_only(torch.Tensor, lambda each: each.detach().cpu(), value)


def call(op: Any, sample: Any, device: str) -> Any:
    torch.manual_seed(1)
    named = {**sample.kwargs, "device": device} if "device" in sample.kwargs else sample.kwargs
    return op(sample.input, *sample.args, **named)


def gradients(op: Any, sample: Any, device: str) -> list[Any]:
    out = call(op, sample, device)
    outputs = [each for each in tree_leaves(sample.output_process_fn_grad(out)) if differentiable(each)]
    inputs = [each for each in tree_leaves((sample.input, sample.args, sample.kwargs)) if requires_grad(each)]
    if not outputs or not inputs:
        return []
    return list(torch.autograd.grad([each.abs().sum() for each in outputs], inputs, allow_unused=True))


def differentiable(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def requires_grad(value: Any) -> bool:
    return differentiable(value) and value.is_leaf


def check_forward(op: Any) -> None:
    for on_cpu, on_hpu in samples(op, requires_grad=False):
        same(call(op, on_cpu, "cpu"), call(op, on_hpu, "hpu"))


def check_backward(op: Any) -> None:
    for on_cpu, on_hpu in samples(op, requires_grad=True):
        same(gradients(op, on_cpu, "cpu"), gradients(op, on_hpu, "hpu"))


def same(expected: Any, actual: Any) -> None:
    for before, after in zip(tree_leaves(expected), tree_leaves(actual), strict=True):
        if isinstance(before, torch.Tensor):
            assert after.device.type == "hpu"
            torch.testing.assert_close(to_cpu(after), before.detach(), rtol=0, atol=0, equal_nan=True)
        else:
            assert before == after


def failures(check: Callable[[Any], None], chosen: list[Any]) -> dict[str, str]:
    found = {}
    for op in chosen:
        try:
            check(op)
        except Exception as error:  # whatever an operator raises is a result here
            found[name_of(op)] = f"{type(error).__name__}: {error}".partition("\n")[0][:160]
    return found


def report(kind: str, count: int, found: dict[str, str]) -> None:
    print(f"\n{kind}: {count - len(found)} of {count} operators as on the CPU")  # noqa: T201 - asked for with -s
    for name, error in sorted(found.items()):
        print(f"  {name}: {error}")  # noqa: T201 - likewise


def test_forward() -> None:
    chosen = operators()
    found = failures(check_forward, chosen)
    report("forward", len(chosen), found)

    assert set(found) == set(NOT_FORWARD)


def test_backward() -> None:
    chosen = [op for op in operators() if op.supports_autograd]
    found = failures(check_backward, chosen)
    report("backward", len(chosen), found)

    assert set(found) == set(NOT_BACKWARD)
