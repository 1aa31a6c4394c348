"""The emulated FusedSDPA and PySDPA against attention written out."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from habana_frameworks.torch import hpu
from habana_frameworks.torch.hpex.kernels import FusedSDPA, PySDPA, PySDPAHinted

B, H, T, S, D = 2, 4, 5, 7, 8


def qkv(device: str = "hpu", heads: int = H, keys: int = S, dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    shapes = ((B, H, T, D), (B, heads, keys, D), (B, heads, keys, D))
    return [torch.randn(s, generator=generator).to(dtype).to(device).requires_grad_() for s in shapes]


def written_out(q: Any, k: Any, v: Any, mask: Any = None, causal: bool = False, scale: float | None = None) -> Any:
    k, v = (each.repeat_interleave(q.shape[1] // each.shape[1], 1) for each in (k, v))
    scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if causal:
        scores = scores.masked_fill(~torch.ones(scores.shape[-2:], dtype=torch.bool).tril(), -math.inf)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype is torch.bool else scores + mask
    return scores.softmax(-1) @ v


def compare(arguments: dict[str, Any], options: tuple[Any, ...], **reference: Any) -> None:
    """Result and gradients of both."""
    found, expected = qkv(**arguments), qkv("cpu", **arguments)
    result, truth = FusedSDPA.apply(*found, *options), written_out(*expected, **reference)
    weights = torch.linspace(-1, 1, truth.numel()).view(truth.shape)
    (result * weights.to("hpu")).sum().backward()
    (truth * weights).sum().backward()
    torch.testing.assert_close(result.cpu(), truth)
    torch.testing.assert_close([each.grad.cpu() for each in found], [each.grad for each in expected])


MASKS = {
    "boolean": torch.arange(S).expand(B, 1, T, S) < 4,
    "additive": torch.linspace(-2, 2, B * H * T * S).view(B, H, T, S),
}


def test_plain_causal_and_scaled() -> None:
    compare({}, ())
    compare({}, (None, 0.0, False, 0.3), scale=0.3)
    compare({"keys": T}, (None, 0.0, True), causal=True)
    compare({}, (None, 0.0, True, None, "fast", False), causal=True)


@pytest.mark.parametrize("heads", [H, 2, 1])
def test_fewer_heads_of_keys(heads: int) -> None:
    compare({"heads": heads}, ())


@pytest.mark.parametrize("kind", list(MASKS))
def test_masks(kind: str) -> None:
    compare({}, (MASKS[kind].to("hpu"),), mask=MASKS[kind])


def test_a_mask_gets_no_gradient() -> None:
    mask = torch.zeros(B, H, T, S, device="hpu", requires_grad=True)

    FusedSDPA.apply(*qkv(), mask).sum().backward()

    assert mask.grad is None


def test_three_dimensions() -> None:
    q, k, v = (each[0] for each in qkv())
    expected = written_out(*(each[0][None] for each in qkv("cpu")))[0]

    torch.testing.assert_close(FusedSDPA.apply(q, k, v).cpu(), expected)


def test_gradients_by_differences() -> None:
    values = [each.detach()[:1, :2, :3, :2].double().requires_grad_() for each in qkv()]

    assert torch.autograd.gradcheck(lambda *each: FusedSDPA.apply(*each, None, 0.0, True), values)


def test_dropout_drops_the_same_in_backward() -> None:
    q, k, _ = qkv(keys=T)
    identity = torch.eye(T, device="hpu").expand(B, H, T, T).clone().requires_grad_()
    torch.manual_seed(0)

    kept = FusedSDPA.apply(q, k, identity, None, 0.5)
    kept.sum().backward()

    assert 0 < (kept == 0).sum().item() < kept.numel()
    torch.testing.assert_close(identity.grad.cpu()[..., 0], kept.detach().cpu().sum(-2))


def test_it_runs_backward_twice_and_within_a_checkpoint() -> None:
    q, k, v = qkv()
    result = FusedSDPA.apply(q, k, v).sum()
    result.backward(retain_graph=True)
    once = q.grad.clone()
    result.backward()
    torch.testing.assert_close(q.grad.cpu(), 2 * once.cpu())

    q.grad = None
    checkpoint(FusedSDPA.apply, q, k, v, use_reentrant=False).sum().backward()
    torch.testing.assert_close(q.grad.cpu(), once.cpu())


def test_probabilities_and_dropout_mask_on_request() -> None:
    values = [each.detach() for each in qkv()]
    torch.manual_seed(0)
    options = (None, 0.5, False, None, "None", False, None, "left")

    result, probabilities, mask = FusedSDPA.apply(*values, *options, True, True)

    assert (mask.dtype, mask.shape) == (torch.int8, (B, H, T, S))
    torch.testing.assert_close(probabilities.sum(-1).cpu(), torch.ones(B, H, T))
    torch.testing.assert_close(result.cpu(), (probabilities * mask / 0.5 @ values[2]).cpu())
    with pytest.raises(AssertionError, match="inference"):
        FusedSDPA.apply(*qkv(), *options, False, True)


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_is_not_attended(side: str) -> None:
    values = [each.detach() for each in qkv(keys=T)]
    lengths = torch.tensor([3, 5], dtype=torch.int32, device="hpu")

    result = FusedSDPA.apply(*values, None, 0.0, True, None, "None", False, lengths, side)

    # The first sequence alone, without its two tokens of padding, is as if these were not there.
    begin = 2 if side == "left" else 0
    alone = FusedSDPA.apply(*(each[:1, :, begin : begin + 3] for each in values), None, 0.0, True)
    torch.testing.assert_close(result[:1, :, begin : begin + 3].cpu(), alone.cpu())
    torch.testing.assert_close(result[1:].cpu(), FusedSDPA.apply(*values, None, 0.0, True)[1:].cpu())
    assert torch.isfinite(result).all().item()


def test_combinations_that_gaudi_has_not() -> None:
    lengths = torch.tensor([3, 5], device="hpu")
    with pytest.raises(AssertionError, match="Optimized softmax"):
        FusedSDPA.apply(*qkv(), None, 0.0, False, None, "fast", True)
    with pytest.raises(AssertionError, match="Valid sequence length"):
        FusedSDPA.apply(*qkv(), None, 0.0, True, None, "None", True, lengths)
    with pytest.raises(AssertionError, match="Return_dropout_mask"):
        FusedSDPA.apply(*qkv(), None, 0.1, False, None, "None", True, None, "left", True)
    with pytest.raises(NotImplementedError, match="hpu::sdpa"):
        FusedSDPA.apply(*qkv("cpu"))


def test_recomputing_is_asked_of_the_device() -> None:
    with hpu.sdp_kernel(enable_recompute=True), pytest.raises(AssertionError, match="Optimized softmax"):
        FusedSDPA.apply(*qkv(), None, 0.0, False, None, "fast")
    with hpu.sdp_kernel(enable_recompute=False):
        FusedSDPA.apply(*qkv(), None, 0.0, False, None, "fast")


def test_autocast_leaves_it_alone() -> None:
    with torch.autocast("hpu", dtype=torch.bfloat16):
        assert FusedSDPA.apply(*qkv()).dtype is torch.float32
        assert FusedSDPA.apply(*qkv(dtype=torch.bfloat16)).dtype is torch.bfloat16


@pytest.mark.parametrize("kernel", [PySDPA, PySDPAHinted])
@pytest.mark.parametrize("causal", [False, True])
def test_py_sdpa(kernel: Any, causal: bool) -> None:
    values, others = qkv(keys=T), qkv("cpu", keys=T)

    kernel.apply(*values, causal, True).square().sum().backward()
    written_out(*others, causal=causal).square().sum().backward()

    torch.testing.assert_close([each.grad.cpu() for each in values], [each.grad for each in others])
    with pytest.raises(ValueError, match="as many keys"):
        kernel.apply(*qkv())
