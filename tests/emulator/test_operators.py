"""Operators: generated kernels, those by hand, and what has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._pytree import tree_map_only


def same(use: Callable[[str], Any]) -> None:
    """`use(device)` gives the same values on both devices, and on the device it was asked for."""
    results = []
    for device in ("cpu", "hpu"):
        torch.manual_seed(0)
        out = use(device)
        tree_map_only(Tensor, lambda each, device=device: _assert_on(each, device), out)
        results.append(tree_map_only(Tensor, lambda each: each.detach().cpu(), out))
    torch.testing.assert_close(results[1], results[0], rtol=0, atol=0)


def _assert_on(tensor: Tensor, device: str) -> None:
    assert tensor.device.type == device


def trained(layer: nn.Module, *inputs: Tensor) -> list[Tensor]:
    """Output and all gradients of `layer`."""
    leaves = [each.requires_grad_() if each.is_floating_point() else each for each in inputs]
    out = layer(*leaves)
    first = out[0] if isinstance(out, tuple) else out
    (first * first).sum().backward()
    gradients = [p.grad for p in layer.parameters() if p.grad is not None]
    return [first, *gradients, *(each.grad for each in leaves if each.grad is not None)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.LSTM(4, 5, 2, bidirectional=True),
        lambda: nn.GRU(4, 5, 2, dropout=0.5),
        lambda: nn.RNN(4, 5, nonlinearity="relu"),
        lambda: nn.LSTM(4, 5, proj_size=3),
        lambda: nn.Conv1d(3, 4, 3, padding=1, bias=False),
        lambda: nn.ConvTranspose1d(3, 4, 3, stride=2, groups=1),
        lambda: nn.BatchNorm1d(3),
        lambda: nn.LayerNorm(4),
        lambda: nn.GroupNorm(3, 3),
        lambda: nn.MultiheadAttention(4, 2),
        lambda: nn.GRUCell(4, 5),
        lambda: nn.LSTMCell(4, 5),
    ],
    ids=lambda make: type(make()).__name__,
)
def test_layers(make: Callable[[], nn.Module]) -> None:
    def use(device: str) -> list[Tensor]:
        layer = make().to(device)
        shape = (3, 4) if isinstance(layer, nn.RNNCellBase) else (2, 3, 4)
        inputs = torch.randn(shape).to(device)
        return trained(layer, *[inputs] * (3 if isinstance(layer, nn.MultiheadAttention) else 1))

    same(use)


def test_packed_sequences() -> None:
    def use(device: str) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(torch.randn(5, 3, 4).to(device), torch.tensor([5, 3, 2]))
        out, _ = nn.LSTM(4, 6).to(device)(packed)
        return nn.utils.rnn.pad_packed_sequence(out)[0]

    same(use)


def test_second_derivatives_of_a_recurrent_layer() -> None:
    def use(device: str) -> Tensor:
        layer = nn.GRU(3, 4).to(device)
        point = torch.randn(2, 1, 3).to(device).requires_grad_()
        (first,) = torch.autograd.grad(layer(point)[0].sum(), point, create_graph=True)
        return torch.autograd.grad(first.pow(2).sum(), point)[0]

    same(use)


@pytest.mark.parametrize("masked", [None, torch.bool, torch.float32])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_attention(masked: torch.dtype | None, dropout: float) -> None:
    def use(device: str) -> list[Tensor]:
        states = torch.randn(2, 2, 5, 8).to(device).requires_grad_()
        mask = None if masked is None else (torch.rand(5, 5) > 0.3).to(device, masked)
        functional.scaled_dot_product_attention(states, states, states, mask, dropout_p=dropout).sum().backward()
        assert states.grad is not None
        return [states.grad]

    same(use)


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("context", [torch.enable_grad, torch.inference_mode])
def test_dropout(p: float, context: Callable[[], Any]) -> None:
    def use(device: str) -> Tensor:
        with context():
            return functional.dropout(torch.ones(50, dtype=torch.bfloat16, device=device), p)

    same(use)
    with pytest.raises((RuntimeError, ValueError), match="between 0 and 1"):
        torch.dropout(torch.ones(2, device="hpu"), 1.5, True)


@pytest.mark.parametrize("options", [{"foreach": True}, {"fused": True}, {"foreach": False}])
@pytest.mark.parametrize("optimizer", [torch.optim.AdamW, torch.optim.SGD, torch.optim.Adagrad])
def test_optimizers(optimizer: type[torch.optim.Optimizer], options: dict[str, bool]) -> None:
    def use(device: str) -> list[Tensor]:
        layer = nn.Linear(3, 3).to(device)
        stepper = optimizer(layer.parameters(), lr=0.1, **options)
        for _ in range(3):
            stepper.zero_grad()
            layer(torch.ones(2, 3, device=device)).pow(2).sum().backward()
            stepper.step()
        return list(layer.parameters())

    same(use)


@pytest.mark.parametrize(
    "use",
    [
        lambda d: 2 - torch.arange(3.0, device=d),
        lambda d: torch.arange(3, device=d) / 2,
        lambda d: 2 ** torch.arange(3, device=d),
        lambda d: torch.arange(3.0, device=d).mul_(2).add_(1, alpha=3),
        lambda d: torch.where(torch.arange(3, device=d) > 1, 1.0, 0.0),
        lambda d: torch.arange(4.0, device=d).clamp(min=1, max=2),
        lambda d: torch.zeros(4, device=d).index_put_((torch.tensor([1, 2]).to(d),), torch.tensor(5.0)),
        lambda d: torch.zeros(2, 2, device=d).masked_fill(torch.eye(2, device=d, dtype=torch.bool), -1.0),
        lambda d: torch._foreach_add([torch.ones(2, device=d), torch.ones((), device=d)], 1.0),
        lambda d: torch._foreach_norm([torch.ones(2, device=d), torch.ones(3, device=d)]),
        lambda d: torch.stack([torch.ones(2, device=d), torch.zeros(2, device=d)]).split(1),
        lambda d: torch.linalg.svd(torch.arange(6.0, device=d).reshape(2, 3)),
        lambda d: torch.einsum("ij,kj->ik", torch.ones(2, 3, device=d), torch.ones(4, 3, device=d)),
        lambda d: torch.fft.rfft(torch.arange(8.0, device=d)),
        lambda d: torch.bincount(torch.tensor([1, 1, 2], device=d)),
        lambda d: torch.multinomial(torch.ones(5, device=d), 3),
        lambda d: functional.interpolate(torch.ones(1, 1, 4, 4, device=d), scale_factor=2, mode="bilinear"),
        lambda d: functional.embedding_bag(torch.tensor([[0, 1]], device=d), torch.arange(4.0, device=d).view(2, 2)),
        lambda d: functional.ctc_loss(
            torch.zeros(4, 1, 3, device=d), torch.ones(1, 2, dtype=torch.long, device=d), (4,), (2,)
        ),
    ],
)
def test_values(use: Callable[[str], Any]) -> None:
    same(use)


def test_writing_returns_the_callers_tensor() -> None:
    tensor = torch.ones(3, device="hpu")

    assert tensor.add_(1) is tensor
    assert tensor.mul_(2.0) is tensor
    assert nn.init.normal_(tensor) is tensor


def test_operators_of_other_libraries_fall_back() -> None:
    library = torch.library.Library("emulator_test", "FRAGMENT")
    library.define("twice(Tensor x) -> Tensor")
    library.impl("twice", lambda x: x * 2, "CPU")

    assert torch.ops.emulator_test.twice(torch.ones(2, device="hpu")).device.type == "hpu"


def test_errors_are_torchs() -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        torch.ones(2, 3, device="hpu") @ torch.ones(2, 3, device="hpu")
    with pytest.raises(RuntimeError, match="does not require grad"):
        torch.ones(2, device="hpu").sum().backward()


def test_a_stale_alias_is_found() -> None:
    tensor = torch.ones(4, device="hpu")
    other = torch.ones(2, device="hpu")
    tensor._cpu_alias = other._cpu_alias

    with pytest.raises(AssertionError, match="stale CPU alias"):
        tensor + 1
