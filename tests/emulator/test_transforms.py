"""`torch.func`, forward-mode derivatives, checkpointing and TorchScript on the device, against the CPU."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

LAYERS: dict[str, Callable[..., nn.Module]] = {"lstm": nn.LSTM, "gru": nn.GRUCell}


def layer(name: str, like: Tensor) -> nn.Module:
    """One layer with the same weights on each device, which is like `like`'s."""
    torch.manual_seed(0)
    return LAYERS[name](4, 4).to(like.device)


def total(made: nn.Module) -> Callable[[Tensor], Tensor]:
    """The sum of the layer's first result."""
    return lambda x: next(iter(made(x))).sum() if isinstance(made, nn.LSTM) else made(x).sum()


def per_sample(x: Tensor) -> Tensor:
    torch.manual_seed(0)
    model = nn.Linear(4, 1).to(x.device)
    weights = {name: each.detach() for name, each in model.named_parameters()}
    loss = grad(lambda given, sample: functional_call(model, given, sample).pow(2).sum())
    return vmap(loss, (None, 0))(weights, x)["weight"]


def tangent(x: Tensor) -> Tensor:
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(layer("gru", x)(forward_ad.make_dual(x, torch.ones_like(x)))).tangent


def checkpointed(x: Tensor, use_reentrant: bool) -> Tensor:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).to(x.device)
    point = x.clone().requires_grad_()
    checkpoint(model, point, use_reentrant=use_reentrant).sum().backward()
    assert point.grad is not None
    return point.grad


@torch.jit.script
def scripted(x: Tensor) -> Tensor:
    return torch.zeros_like(x) + torch.ones(4, device=x.device) * x


@pytest.mark.parametrize(
    "use",
    [
        vmap(lambda row: row.sin().sum()),
        lambda x: vmap(lambda row: functional.linear(row, x))(x),
        lambda x: vmap(lambda row: functional.scaled_dot_product_attention(row, row, row))(x.reshape(2, 1, 2, 4)),
        grad(lambda each: functional.gelu(each).sum()),
        lambda x: vjp(torch.tanh, x)[1](x)[0],
        lambda x: jvp(functional.softplus, (x,), (x,))[1],
        lambda x: jacrev(torch.exp)(x[0]),
        lambda x: jacfwd(torch.exp)(x[0]),
        lambda x: hessian(lambda each: each.sin().pow(2).sum())(x[0]),
        per_sample,
        lambda x: grad(total(layer("lstm", x)))(x),
        lambda x: jvp(layer("gru", x), (x,), (x,))[1],
        lambda x: hessian(total(layer("gru", x)))(x[:1]),
        lambda x: vmap(layer("gru", x))(x[:, None]),
        tangent,
        lambda x: checkpointed(x, use_reentrant=False),
        lambda x: checkpointed(x, use_reentrant=True),
        scripted,
    ],
)
@pytest.mark.filterwarnings("ignore")  # what torch says of its own TorchScript, and of slow vmap
def test_same_as_on_the_cpu(use: Callable[[Tensor], Tensor]) -> None:
    torch.manual_seed(1)
    point = torch.randn(4, 4)

    expected, actual = use(point), use(point.to("hpu"))

    assert actual.device.type == "hpu"
    torch.testing.assert_close(actual.detach().cpu(), expected.detach(), rtol=0, atol=0)
