"""Which operators take CPU tensors without dimensions among hpu tensors: those that CUDA's take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from migrator.emulator.operators.placement import takes_host_scalars
from migrator.emulator.operators.schema import Operator, describe

ONES = torch.ones(2, 2)


def on_hpu() -> torch.Tensor:
    return torch.ones(2, 2, device="hpu")


@pytest.mark.parametrize(
    "use",
    [
        lambda x, s: x + s,
        lambda x, s: s * x,
        lambda x, s: torch.where(x > 0, x, s),
        lambda x, s: x.eq_(s),
        lambda x, s: x.index_put_((torch.tensor([0]), torch.tensor([1])), s),
        lambda x, s: x.masked_fill_(x > 0, s),
        lambda x, s: x.fill_(s),
        lambda x, s: torch._foreach_mul([x, x], s),
        lambda x, s: x.lerp(x, s),
    ],
)
def test_pointwise_operators_take_host_scalars(use: Callable[[torch.Tensor, torch.Tensor], object]) -> None:
    use(on_hpu(), torch.tensor(2.0))


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x.mm(torch.tensor(1.0)),
        lambda x: torch.mm(torch.tensor(1.0), x),
        lambda x: x.index_select(0, torch.tensor(1)),
        lambda x: x.gather(0, torch.tensor(1)),
        lambda x: torch.cat([x, torch.tensor(1.0)]),
        lambda x: x.scatter_add_(0, torch.tensor(0), torch.tensor(1.0)),
        lambda x: x.int().gcd_(torch.tensor(1)),
        lambda x: x.clamp(min=torch.tensor(1.0)),
        lambda x: torch.nextafter(x, torch.tensor(1.0)),
        lambda x: torch.add(x.sum(), 1, out=torch.tensor(1.0)),
        lambda x: nn.functional.embedding(torch.tensor(1), x),
        lambda x: nn.functional.conv1d(x[None], torch.ones(1, 2, 1)),
        lambda x: nn.functional.linear(x, ONES),
        lambda x: x + ONES,
    ],
)
def test_others_do_not(use: Callable[[torch.Tensor], object]) -> None:
    with pytest.raises(RuntimeError, match=r"Expected all tensors to be on the same device.* hpu:0"):
        use(on_hpu())


@pytest.mark.parametrize("inputs_on_hpu", [True, False])
def test_recurrent_layers_want_their_weights_on_the_device(inputs_on_hpu: bool) -> None:
    layer, inputs = nn.LSTM(2, 2), torch.ones(1, 1, 2)
    moved = (layer, inputs.to("hpu")) if inputs_on_hpu else (layer.to("hpu"), inputs)

    with pytest.raises(RuntimeError, match="not at the same device"):
        moved[0](moved[1])


def native_functions() -> Iterator[tuple[str, bool, bool]]:
    """Name, whether CUDA has it, and whether its kernel checks devices, of each operator that torch declares."""
    path = Path(pytest.importorskip("torchgen").__file__).parent / "packaged/ATen/native/native_functions.yaml"
    for block in re.split(r"^- func: ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        on_cuda = re.search(r"^    [\w, ]*\bCUDA\b[\w, ]*:|structured_delegate:", block, flags=re.MULTILINE)
        yield block.partition("(")[0], on_cuda is not None, "device_check: NoCheck" not in block


def test_it_is_what_cudas_kernels_check() -> None:
    checks = {name: checked for name, on_cuda, checked in native_functions() if on_cuda}
    differing = {
        name
        for name, checked in checks.items()
        if (operator := several_tensors(name)) is not None
        if takes_host_scalars(operator) is checked
    }

    assert len(checks) > 800
    # With out= CUDA takes host scalars as bounds, without it not; here never.
    assert differing == {"clamp.Tensor_out", "clamp_max.Tensor_out", "clamp_min.Tensor_out"}


def several_tensors(name: str) -> Operator | None:
    """The operator, if the CPU has it and more than one tensor goes in."""
    base, _, overload = name.partition(".")
    found = getattr(getattr(torch.ops.aten, base, None), overload or "default", None)
    if (
        found is None
        or base.startswith("_nested")
        or not torch._C._dispatch_has_kernel_for_dispatch_key(f"aten::{name}", "CPU")
    ):
        return None
    operator = describe(found)
    operands = [each for each in operator.arguments if each.has_tensors and not (each.written and each.keyword_only)]
    return operator if len(operands) > 1 else None
