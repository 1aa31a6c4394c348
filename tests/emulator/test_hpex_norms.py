"""The emulated FusedClipNorm, FusedRMSNorm and FusedEMA against torch's own and their formulas."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from habana_frameworks.torch.hpex.movingavrg import FusedEMA
from habana_frameworks.torch.hpex.normalization import FusedClipNorm, FusedRMSNorm, RmsNormBwdMode
from tests.emulator.counted import counted
from tests.emulator.hpex_parameters import give_gradients, on_cpu, parameters


def gradients(params: Any) -> list[torch.Tensor]:
    return on_cpu([param.grad for param in params])


@pytest.mark.parametrize("largest", [0.5, 1.0, 1000.0])
def test_clipping_is_torchs(largest: float) -> None:
    params, others = parameters("hpu"), parameters("cpu")
    give_gradients(params, 0)
    give_gradients(others, 0)

    norm = FusedClipNorm(params, largest).clip_norm(params)

    torch.testing.assert_close(norm.cpu(), nn.utils.clip_grad_norm_(others, largest).reshape(1))
    torch.testing.assert_close(gradients(params), gradients(others))


def test_clipping_one_tensor_and_parameters_without_gradient() -> None:
    params = parameters("hpu")
    give_gradients(params[:1], 0)
    clip = FusedClipNorm(params, 1.0)

    of_all = clip.clip_norm(iter(params))
    of_one = clip.clip_norm(params[0])

    assert of_all.item() > 1.0
    assert of_one.item() == pytest.approx(1.0, abs=1e-5)
    none = clip.clip_norm(params[1:])
    assert (none.item(), none.device.type, none.shape) == (0.0, "cpu", ())


def test_clipping_keeps_the_norm_in_the_parameters_type() -> None:
    params = parameters("hpu", torch.bfloat16)
    give_gradients(params, 0)
    clip = FusedClipNorm(params, 1.1)

    clip.clip_norm(params)

    assert clip.max_norm_t.dtype is torch.bfloat16
    assert math.sqrt(sum(float(g.float().square().sum()) for g in gradients(params))) == pytest.approx(1.1, rel=0.02)
    assert FusedClipNorm([], 1.0).max_norm_t.dtype is torch.float32


def test_clipping_marks_steps_and_refuses_the_cpu() -> None:
    params = parameters("hpu")
    give_gradients(params, 0)
    clip = FusedClipNorm(params, 1.0)
    with counted() as counts:
        clip.clip_norm(params)
    assert counts.step_marks == 2
    assert not counts.host_reads

    others = parameters("cpu")
    give_gradients(others, 0)
    with pytest.raises(NotImplementedError, match="hpu::fused_norm"):
        clip.clip_norm(others)


def rms_norm(x: torch.Tensor, gamma: torch.Tensor, eps: float) -> torch.Tensor:
    return functional.rms_norm(x, (x.shape[-1],), gamma, eps)


def leaf(*shape: int, device: str = "hpu", dtype: torch.dtype = torch.float32) -> torch.Tensor:
    values = torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)
    return values.to(dtype).to(device).requires_grad_()


@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 3, 5, 4)])
def test_rms_norm_forward_and_backward(shape: tuple[int, ...]) -> None:
    results = []
    for device, norm in (("hpu", FusedRMSNorm.apply), ("cpu", rms_norm)):
        x, gamma = leaf(*shape, device=device), leaf(4, device=device)
        out = norm(x, gamma, 1e-5)
        (out * torch.arange(out.numel(), device=device).view(out.shape)).sum().backward()
        results.append(on_cpu([out, x.grad, gamma.grad]))

    torch.testing.assert_close(results[0], results[1])


def test_rms_norm_gradients_by_differences() -> None:
    x, gamma = leaf(2, 3, 4, dtype=torch.float64), leaf(4, dtype=torch.float64)

    assert torch.autograd.gradcheck(lambda *values: FusedRMSNorm.apply(*values, 1e-3, False, 1, True), (x, gamma))


@pytest.mark.parametrize(
    ("of_x", "of_gamma", "of_result"),
    [
        (torch.float32, torch.float32, torch.float32),
        (torch.bfloat16, torch.bfloat16, torch.bfloat16),
        (torch.bfloat16, torch.float32, torch.float32),
        (torch.bfloat16, torch.float16, torch.float32),
    ],
)
@pytest.mark.parametrize("autocast", [False, True])
def test_rms_norm_types(of_x: Any, of_gamma: Any, of_result: Any, autocast: bool) -> None:
    x, gamma = leaf(2, 4, dtype=of_x), leaf(4, dtype=of_gamma)

    with torch.autocast("hpu", dtype=torch.bfloat16, enabled=autocast):
        result = FusedRMSNorm.apply(x, gamma, 1e-5)
    result.sum().backward()

    assert (result.dtype, x.grad.dtype, gamma.grad.dtype) == (of_result, of_x, of_gamma)
    wide = rms_norm(x.detach().cpu().float(), gamma.detach().cpu().float(), 1e-5)
    torch.testing.assert_close(result.detach().cpu().float(), wide, atol=0.02, rtol=0.01)


def test_rms_norm_takes_the_number_of_a_mode() -> None:
    x, gamma = leaf(2, 4), leaf(4)
    FusedRMSNorm.apply(x, gamma, 1e-5, True, RmsNormBwdMode.STATIC_CASE_WIDTH_PARTITIONING.value).sum().backward()

    with pytest.raises(TypeError):
        FusedRMSNorm.apply(x, gamma, 1e-5, True, RmsNormBwdMode.DEFAULT).sum().backward()


def test_rms_norm_refuses_the_cpu() -> None:
    with pytest.raises(NotImplementedError, match="hpu::rms_norm"):
        FusedRMSNorm.apply(leaf(2, 4), leaf(4, device="cpu"), 1e-5)


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.norm = nn.BatchNorm1d(2)
        self.names = ["a"]
        self._hidden = 1


def test_the_average_of_parameters_and_buffers() -> None:
    model = Model().to("hpu")
    average = FusedEMA(model, decay=0.9, updates=1000)
    before = {name: value.cpu().clone() for name, value in average.ema.state_dict().items()}
    with torch.no_grad():
        for value in model.state_dict().values():
            value.add_(1)

    average.update(model)

    decay = 0.9 * (1 - math.exp(-1001 / 2000))
    after = {name: value.cpu() for name, value in average.ema.state_dict().items()}
    assert (average.updates, average.ema.training) == (1001, False)
    assert after.pop("norm.num_batches_tracked") == before.pop("norm.num_batches_tracked")
    for name, value in after.items():
        torch.testing.assert_close(value, decay * before[name] + (1 - decay) * (before[name] + 1))


def test_the_averages_attributes() -> None:
    model = Model().to("hpu")
    average = FusedEMA(model)
    model.names, model._hidden = ["b"], 2

    average.update_attr(model, exclude=("training",))

    assert (average.ema.names, average.ema._hidden, average.ema.training) == (["b"], 1, False)


def test_what_the_average_refuses() -> None:
    model = Model().to("hpu")
    with pytest.raises(ValueError, match="decay"):
        FusedEMA(model, decay=-0.1)
    with pytest.raises(RuntimeError, match="2 tensors"):
        FusedEMA(model).update(model.linear)
    with pytest.raises(NotImplementedError, match="hpu::optimizer_ema"):
        FusedEMA(model).update(copy.deepcopy(model).cpu())


def test_the_average_marks_steps() -> None:
    model = Model().to("hpu")
    average = FusedEMA(model)
    with counted() as counts:
        average.update(model)

    assert counts.step_marks == 2
    assert not counts.host_reads
