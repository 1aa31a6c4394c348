"""The emulated rotary embeddings, softmaxes and CTC loss against their formulas."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from habana_frameworks.torch.hpex.kernels import (
    CTCLoss,
    CustomSoftmax,
    RotaryPosEmbeddingHelperV1,
    RotaryPosEmbeddingHelperV2,
    RotaryPosEmbeddingHelperV3,
    RotaryPosEmbeddingMode,
    apply_rotary_pos_emb,
)
from habana_frameworks.torch.hpex.kernels.Softmax import triu_masked_softmax

PAIRWISE = RotaryPosEmbeddingMode.PAIRWISE


def made(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64).to(dtype)


def turned(values: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, partner: list[int], sign: list[int]) -> Any:
    """Each place turned with its partner: value * cos + sign * partner's value * sin."""
    return values * cos + values[..., partner] * torch.tensor(sign) * sin


BLOCKS = ([2, 3, 0, 1], [-1, -1, 1, 1])
PAIRS = ([1, 0, 3, 2], [-1, 1, -1, 1])


@pytest.mark.parametrize("offset", [0, 2])
def test_v1_reads_cosines_from_an_offset(offset: int) -> None:
    values, cos, sin = made(3, 2, 4), made(3, 1, 4 + offset), made(4, 1, 4 + offset)[:3]

    result = RotaryPosEmbeddingHelperV1.apply(values.to("hpu"), cos.to("hpu"), sin.to("hpu"), offset)

    torch.testing.assert_close(result.cpu(), turned(values, cos[..., offset:], sin[..., offset:], *BLOCKS))


@pytest.mark.parametrize("heads", [1, 3])
def test_v2_reads_cosines_at_positions(heads: int) -> None:
    values, cos, sin = made(2, 3, 5, 4), made(1, heads, 9, 4), made(1, heads, 9, 4) + 1
    positions = torch.tensor([[8, 0, 1, 2, 3], [4, 5, 6, 7, 0]])

    result = RotaryPosEmbeddingHelperV2.apply(*(each.to("hpu") for each in (values, cos, sin, positions)))

    for batch in range(2):
        rows = cos[0][:, positions[batch]], sin[0][:, positions[batch]]
        torch.testing.assert_close(result[batch].cpu(), turned(values[batch], *rows, *BLOCKS))


def test_v2_takes_tables_of_fewer_dimensions() -> None:
    values, table, positions = made(2, 3, 5, 4).to("hpu"), made(9, 4).to("hpu"), torch.arange(5, device="hpu")[None]
    apply = RotaryPosEmbeddingHelperV2.apply

    expected = apply(values, table[None, None], table[None, None], positions)

    assert torch.equal(apply(values, table, table, positions).cpu(), expected.cpu())
    assert torch.equal(apply(values, table[None], table[None], positions).cpu(), expected.cpu())


def test_v3_turns_pairs_and_leaves_the_rest() -> None:
    values, cache = made(3, 2, 2, 6), made(9, 2, 2)
    cos, sin = (cache[:3, :, part].repeat_interleave(2, -1)[:, None, None] for part in (0, 1))

    result = RotaryPosEmbeddingHelperV3.apply(values.to("hpu"), cache.to("hpu"))

    torch.testing.assert_close(result[..., :4].cpu(), turned(values[..., :4], cos, sin, *PAIRS))
    assert torch.equal(result[..., 4:].cpu(), values[..., 4:])
    assert torch.equal(apply_rotary_pos_emb(values.to("hpu"), cache.to("hpu")).cpu(), result.cpu())


@pytest.mark.parametrize(
    ("helper", "arguments"),
    [
        (RotaryPosEmbeddingHelperV1, (made(1, 4), made(2, 4)[:1], 0)),
        (RotaryPosEmbeddingHelperV2, (made(1, 1, 7, 4), made(1, 1, 8, 4), torch.tensor([[3, 1]]))),
        (RotaryPosEmbeddingHelperV3, (made(5, 2, 2),)),
    ],
)
def test_gradients_by_differences(helper: Any, arguments: tuple[Any, ...]) -> None:
    values = made(1, 2, 2, 4).to("hpu").requires_grad_()
    there = [each.to("hpu") if isinstance(each, torch.Tensor) else each for each in arguments]

    assert torch.autograd.gradcheck(lambda each: helper.apply(each, *there), values)


def test_the_function_turns_pairs_too_and_gives_no_gradient() -> None:
    values, cos, sin = made(2, 3, 2, 4), made(2, 3, 1, 4), made(2, 4, 1, 4)[:, :3]
    there = values.to("hpu").requires_grad_()

    result = apply_rotary_pos_emb(there, cos.to("hpu"), sin.to("hpu"), None, 0, PAIRWISE)

    torch.testing.assert_close(result.cpu(), turned(values, cos, sin, *PAIRS))
    assert not result.requires_grad
    blocks = apply_rotary_pos_emb(there, cos.to("hpu"), sin.to("hpu"))
    torch.testing.assert_close(blocks.cpu(), turned(values, cos, sin, *BLOCKS))


@pytest.mark.parametrize(
    ("of_values", "of_table", "of_result"),
    [
        (torch.bfloat16, torch.float32, torch.float32),
        (torch.float32, torch.bfloat16, torch.float32),
        (torch.bfloat16, torch.float16, torch.bfloat16),
    ],
)
def test_rotary_types(of_values: Any, of_table: Any, of_result: Any) -> None:
    values = made(1, 2, 3, 4, dtype=of_values).to("hpu").requires_grad_()
    table = made(1, 1, 3, 4, dtype=of_table).to("hpu")

    with torch.autocast("hpu", dtype=torch.bfloat16):
        result = RotaryPosEmbeddingHelperV2.apply(values, table, table, torch.arange(3, device="hpu")[None])
    result.sum().backward()

    assert (result.dtype, values.grad.dtype) == (of_result, of_values)


@pytest.mark.parametrize("flavor", [0, 1])
def test_custom_softmax(flavor: int) -> None:
    values = made(3, 5, dtype=torch.bfloat16)
    there, here = values.to("hpu").requires_grad_(), values.float().requires_grad_()
    weights = torch.arange(5.0)

    result, expected = CustomSoftmax.apply(there, flavor), here.softmax(-1)
    (result * weights.to("hpu")).sum().backward()
    (expected * weights).sum().backward()

    assert result.dtype is torch.bfloat16
    torch.testing.assert_close(result.float().cpu(), expected, atol=0.01, rtol=0.01)
    torch.testing.assert_close(there.grad.float().cpu(), here.grad, atol=0.02, rtol=0.02)
    with pytest.raises(TypeError, match="bfloat16 only"):
        CustomSoftmax.apply(there.float(), flavor)


def test_softmax_below_the_diagonal() -> None:
    scores = made(2, 3, 4, 4).to("hpu").requires_grad_()
    hidden = ~torch.ones(4, 4, dtype=torch.bool).tril()

    result = triu_masked_softmax(scores)

    expected = scores.detach().cpu().masked_fill(hidden, float("-inf")).softmax(-1)
    torch.testing.assert_close(result.cpu(), expected)
    assert torch.autograd.gradcheck(triu_masked_softmax, scores.detach()[:1, :1].requires_grad_())


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_ctc_loss(reduction: str) -> None:
    probabilities = made(10, 2, 5, dtype=torch.float32).log_softmax(2)
    rest = torch.tensor([[1, 2, 3], [4, 1, 0]]), torch.tensor([10, 9]), torch.tensor([3, 2])
    there, here = probabilities.to("hpu").requires_grad_(), probabilities.clone().requires_grad_()

    result = CTCLoss.apply(there, *(each.to("hpu") for each in rest), 0, reduction, True)
    expected = functional.ctc_loss(here, *rest, 0, reduction, True)
    result.sum().backward()
    expected.sum().backward()

    torch.testing.assert_close(result.cpu(), expected)
    torch.testing.assert_close(there.grad.cpu(), here.grad)


def test_they_refuse_the_cpu() -> None:
    values, table = made(1, 2, 3, 4), made(1, 1, 3, 4)
    with pytest.raises(NotImplementedError, match="hpu::rotary_pos_embedding"):
        RotaryPosEmbeddingHelperV1.apply(values, table, table, 0)
    with pytest.raises(NotImplementedError, match="hpu::rotary_pos_embedding"):
        RotaryPosEmbeddingHelperV3.apply(values, table)
    with pytest.raises(NotImplementedError, match="hpu::custom_softmax"):
        CustomSoftmax.apply(values, 0)
