"""Sparse, nested and quantised tensors: an error that names the operator and what the device has not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn


def ones() -> torch.Tensor:
    return torch.ones(2, 2, device="hpu")


def quantised() -> torch.Tensor:
    return torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: ones().to_sparse(), "_to_sparse: .* has no sparse tensors"),
        (lambda: ones().to_sparse_csr(), "_to_sparse_csr: .* has no sparse tensors"),
        (lambda: torch.ones(2, 2).to_sparse().to("hpu"), "has no sparse tensors"),
        (lambda: torch.ones(2, 2).to_sparse_csr().to("hpu"), "has no compressed sparse tensors"),
        (lambda: torch.ones(2, 2).to_sparse() @ ones(), "aten::mm: .* has no sparse tensors"),
        (lambda: torch.zeros(2, layout=torch.sparse_coo, device="hpu"), "has no sparse tensors"),
        (lambda: torch.sparse_coo_tensor([[0]], [1.0], (2,), device="hpu"), "has no sparse tensors"),
        (lambda: ones().to_mkldnn(), "to_mkldnn: .* has no mkldnn tensors"),
        (lambda: torch.nested.nested_tensor([ones()]), "has no nested tensors of strided layout"),
        (lambda: torch.nested.nested_tensor([torch.ones(2)]).to("hpu"), "has no nested tensors of strided layout"),
        (lambda: torch.quantize_per_tensor(ones(), 0.1, 0, torch.qint8), "quantize_per_tensor: .* quantised tensors"),
        (lambda: quantised().to("hpu"), "has no quantised tensors"),
    ],
)
def test_other_layouts_are_refused(use: Callable[[], object], message: str) -> None:
    with pytest.raises(NotImplementedError, match=message):
        use()


def test_sparse_gradients_are_refused() -> None:
    table = nn.Embedding(3, 2, sparse=True).to("hpu")

    with pytest.raises(NotImplementedError, match="has no sparse tensors"):
        table(torch.tensor([1], device="hpu")).sum().backward()


def test_jagged_tensors_work() -> None:
    jagged = torch.nested.nested_tensor([ones(), torch.ones(3, 2, device="hpu")], layout=torch.jagged)

    assert (jagged * 2).values().cpu().sum() == 20
    assert jagged.device.type == "hpu"


def test_an_encoder_does_not_pack_padding_into_nested_tensors() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 1).eval().to("hpu")
    padding = torch.tensor([[False, False, True]], device="hpu")

    with torch.no_grad():
        assert encoder(torch.ones(1, 3, 8, device="hpu"), src_key_padding_mask=padding).shape == (1, 3, 8)
