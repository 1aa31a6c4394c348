from __future__ import annotations

import textwrap
from typing import Any

import pytest

RULE = "library-layer-norm"
HEAD = """\
import torch
from torch import nn


class Norm(nn.Module):
    def __init__(self, n, eps=1e-12):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))
        self.bias = nn.Parameter(torch.zeros(n))
        self.eps = eps

    def forward(self, x):
"""
AFTER = "nn.functional.layer_norm(x, x.shape[-1:], self.weight, self.bias, self.eps)"
FORMULAS = [
    """\
    u = x.mean(-1, keepdim=True)
    s = (x - u).pow(2).mean(-1, keepdim=True)
    x = (x - u) / torch.sqrt(s + self.eps)
    return self.weight * x + self.bias
    """,
    """\
    mean = torch.mean(x, dim=-1, keepdim=True)
    centred = x - mean
    variance = torch.mean(centred * centred, -1, True)
    return self.bias + centred * torch.rsqrt(variance + self.eps) * self.weight
    """,
    """\
    variance = x.var(-1, unbiased=False, keepdim=True)
    return self.weight * (x - x.mean(-1, keepdim=True)) / (variance + self.eps) ** 0.5 + self.bias
    """,
    """\
    variance = torch.var(x, dim=(-1,), correction=0, keepdim=True)
    return self.weight * ((x - x.mean((-1,), keepdim=True)) * (variance + self.eps).pow(-0.5)) + self.bias
    """,
    """\
    scale = self.weight * torch.rsqrt(((x - x.mean(-1, True)) ** 2).mean(-1, True) + self.eps)
    return x * scale + (self.bias - x.mean(-1, keepdim=True) * scale)
    """,
]


def norm(body: str) -> str:
    return HEAD + textwrap.indent(textwrap.dedent(body), " " * 8)


@pytest.mark.parametrize("body", FORMULAS)
def test_any_way_to_write_it(check_transformed, body):
    check_transformed(norm(body), norm(f"return {AFTER}\n"), RULE)


def test_constants_names_and_other_statements(check_transformed):
    check_transformed(
        norm(
            """\
            x = x.float()
            # centred
            u = x.mean(-1, keepdim=True)
            v = (x - u).pow(2).mean(-1, keepdim=True)
            y = (x - u) / torch.sqrt(v + 1e-5)
            out = self.weight * y + self.bias
            return out, u
            """
        ).replace("import torch\n", "import torch\nimport torch.nn.functional as F\n"),
        norm(
            """\
            x = x.float()
            # centred
            u = x.mean(-1, keepdim=True)
            out = F.layer_norm(x, x.shape[-1:], self.weight, self.bias, 1e-05)
            return out, u
            """
        ).replace("import torch\n", "import torch\nimport torch.nn.functional as F\n"),
        RULE,
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return self.weight * (x - x.mean(-1, True)) / (x.std(-1, keepdim=True) + self.eps) + self.bias",
         "eps stands outside the root and its variance is the sample's"),
        ("return self.weight * (x - x.mean(-1, True)) / torch.sqrt(x.var(-1, keepdim=True) + self.eps) + self.bias",
         "its variance is the sample's"),
        ("return self.weight * (x - x.mean(1, True)) / torch.sqrt(x.var(1, False, True) + self.eps) + self.bias",
         "it goes over the dimensions 1"),
        ("return self.gain * (x - x.mean(-1, True)) / torch.sqrt(x.var(-1, False, True) + self.eps) + self.bias",
         "the shape of self.gain is not known"),
    ],
)  # fmt: skip
def test_what_is_nearly_it_is_a_finding(run, body, why):
    result = run(norm(body + "\n"), RULE)
    assert result.data.decode() == norm(body + "\n")
    assert [f.message for f in result.findings] == [f"layer normalisation by hand, which stays: {why}"]


@pytest.mark.parametrize("weight", ["torch.ones((4, 5))", "torch.ones(n, n)", "torch.ones(*n)", "make(n)"])
def test_only_vectors_are_weights(run, weight):
    code = norm(FORMULAS[0]).replace("torch.ones(n)", weight)
    result = run(code, RULE)
    assert result.data.decode() == code
    assert "the shape of self.weight is not known" in result.findings[0].message


def test_a_size_that_may_be_a_sequence_is_not_known(run):
    code = norm(FORMULAS[0]).replace("self, n, eps", "self, n: tuple, eps")
    assert run(code, RULE).data.decode() == code


@pytest.mark.parametrize(
    "body",
    [
        "return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) + self.bias",
        "return self.weight * (x - x.mean(-1, True)) / torch.sqrt(y.var(-1, False, True) + self.eps) + self.bias",
        "return self.weight * (x - y.mean(-1, True)) / torch.sqrt(x.var(-1, False, True) + self.eps) + self.bias",
        "return self.weight * (x - x.mean(-1)) / torch.sqrt(x.var(-1, False, True) + self.eps) + self.bias",
        "return self.weight * (x + x.mean(-1, True)) / torch.sqrt(x.var(-1, False, True) + self.eps) + self.bias",
        "return self.weight * (x - x.mean(-1, True)) / torch.sqrt(x.var(-1, False, True) * self.eps) + self.bias",
    ],
)
def test_other_formulas_stay(run, body):
    code = norm(body + "\n").replace("forward(self, x)", "forward(self, x, y)")
    result = run(code, RULE)
    assert result.data.decode() == code
    assert not result.findings


def test_line_ends_and_tabs_are_kept(run):
    code = norm(FORMULAS[0]).replace("    ", "\t").replace("\n", "\r\n")
    wanted = norm(f"return {AFTER}\n").replace("    ", "\t").replace("\n", "\r\n")
    assert run(code, RULE).data.decode() == wanted


@pytest.mark.parametrize("code", [*map(norm, FORMULAS)])
def test_how_far_results_differ(run, code):
    torch = pytest.importorskip("torch")
    rewritten = run(code, RULE).data.decode()
    assert rewritten != code
    (y, slopes), (other, other_slopes) = (_values(torch, text) for text in (code, rewritten))
    assert float((y - other).abs().max()) <= 5e-6
    assert float((slopes[0] - other_slopes[0]).abs().max()) <= 5e-6
    for slope, other_slope in zip(slopes[1:], other_slopes[1:], strict=True):
        assert float((slope - other_slope).abs().max() / slope.abs().max()) <= 3e-6


def _values(torch: Any, code: str) -> tuple[Any, Any]:
    """What the module computes, and the gradients of input, weight and bias."""
    names: dict[str, Any] = {}
    exec(code, names)
    generator = torch.Generator().manual_seed(0)
    module = names["Norm"](1024)
    assert list(module.state_dict()) == ["weight", "bias"]
    with torch.no_grad():
        module.weight.normal_(generator=generator)
        module.bias.normal_(generator=generator)
    x = torch.randn(256, 1024, generator=generator, requires_grad=True)
    y = module(x)
    y.backward(torch.randn(256, 1024, generator=generator))
    return y.detach(), [x.grad, module.weight.grad, module.bias.grad]
