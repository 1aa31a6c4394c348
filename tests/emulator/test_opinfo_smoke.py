"""A fixed few of torch's database, from each family of operators, forward and backward: quick enough for every run."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from tests.emulator import opinfo

SAMPLES = 2
NAMES = (
    {"abs", "add", "addcmul", "addmm", "addr", "all", "amax", "argsort", "as_strided", "atan2", "baddbmm"}
    | {"bernoulli", "bmm", "broadcast_to", "cat", "cdist", "clamp", "complex", "copysign", "cumsum"}
    | {"diag_embed", "diff", "einsum", "empty_like", "erf", "expand", "fft.rfft", "flip", "floor_divide"}
    | {"gather", "grid_sampler_2d", "histc", "index_add", "index_put", "index_select", "kthvalue", "lerp"}
    | {"linalg.cholesky", "linalg.svd", "linalg.vector_norm", "log_softmax", "logsumexp", "masked_fill"}
    | {"matmul", "max.reduction_with_dim", "mode", "msort", "multinomial", "nan_to_num", "nn.functional.conv2d"}
    | {"nn.functional.cross_entropy", "nn.functional.embedding", "nn.functional.gelu"}
    | {"nn.functional.group_norm", "nn.functional.layer_norm", "nn.functional.max_pool2d"}
    | {"nn.functional.scaled_dot_product_attention", "norm", "outer", "permute", "pow", "prod", "quantile"}
    | {"randn", "repeat_interleave", "scatter_add", "sgn", "sort", "split", "stack", "std", "stft"}
    | {"take_along_dim", "tensor_split", "to", "topk", "tril", "unfold", "unique", "view_as_complex", "where"}
)


@pytest.fixture(autouse=True)
def _few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opinfo, "SAMPLES", SAMPLES)


def chosen(*, backward: bool) -> list[opinfo.Case]:
    use = opinfo.gradients if backward else opinfo.call
    return [
        opinfo.Case(
            opinfo.name_of(op), partial(opinfo.both, op, torch.float32, partial(use, op), requires_grad=backward)
        )
        for op in opinfo.operators(torch.float32, backward=backward)
        if opinfo.name_of(op) in NAMES
    ]


@pytest.mark.parametrize("backward", [False, True])
def test_some_of_each_family(backward: bool) -> None:
    cases = chosen(backward=backward)
    for each in cases:
        each.check()

    assert len(cases) > 60


def test_the_names_exist() -> None:
    assert {opinfo.name_of(op) for op in opinfo.op_db} >= NAMES
