from __future__ import annotations

import pytest

RULE = "fused-norms"
HEAD = "import torch\nfrom torch import nn\n"


def function(*lines: str) -> str:
    return HEAD + "def forward(self, x, x1, x2, eps):\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    "lines",
    [
        ("return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)",),
        ("variance = x.float().pow(2).mean(-1, keepdim=True)", "return x * torch.rsqrt(variance + eps)"),
        ("return x / (torch.mean(x * x, -1, keepdim=True) + eps).sqrt()",),
        ("return x * (x.square().mean(-1, keepdim=True) + eps) ** -0.5",),
        ("return x / torch.sqrt(eps + torch.mean(x ** 2, dim=-1, keepdim=True))",),
        ("rms = torch.mean(torch.pow(x, 2), -1, True)", "return x / torch.sqrt(rms + eps)"),
    ],
)
def test_an_rms_norm(run, lines):
    result = run(function(*lines), RULE)
    assert ["FusedRMSNorm" in finding.advice for finding in result.findings] == [True]
    assert result.data.decode() == function(*lines)


@pytest.mark.parametrize(
    "line",
    [
        "return torch.cat((-x2, x1), dim=-1)",
        "return torch.cat([-x[..., 4:], x[..., :4]], -1)",
        "return torch.stack((-x2, x1), dim=-1)",
        "return torch.cat((-x2, x1), dim=x1.ndim - 1)",
    ],
)
def test_a_rotation(run, line):
    (found,) = run(function(line), RULE).findings
    assert "RotaryPosEmbeddingHelperV2" in found.advice


@pytest.mark.parametrize(
    "lines",
    [
        ("return (x - x.mean(-1)) * torch.rsqrt((x - x.mean(-1)).pow(2).mean(-1) + eps)",),
        ("c = x - x.mean(-1)", "return c * torch.rsqrt(c.pow(2).mean(-1) + eps)"),
        ("return torch.sqrt(x.pow(2).sum(-1))",),
        ("return x * torch.rsqrt(x.var(-1) + eps)",),
        ("return x * self.scale ** -0.5",),
        ("return torch.cat((x1, x2), dim=-1)",),
        ("return torch.cat((-x1, x2), dim=0)",),
        ("return torch.cat((-x1, -x2), dim=-1)",),
        ("'torch.cat((-x2, x1), dim=-1)'  # torch.rsqrt(x.pow(2).mean(-1) + eps)",),
        ("torch = self", "return torch.cat((-x2, x1), dim=-1)"),
    ],
)
def test_other_formulas_are_none(run, lines):
    assert run(function(*lines), RULE).findings == ()


def test_once_a_function(run):
    norm = "x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)"
    assert len(run(function(norm, norm), RULE).findings) == 1
    assert len(run(function(norm, "x = torch.cat((-x2, x1), dim=-1)"), RULE).findings) == 2


def test_only_from_the_release_that_has_the_kernels(run):
    code = function("return torch.cat((-x2, x1), dim=-1)")
    assert run(code, RULE, release="1.10").findings == ()
    assert len(run(code, RULE, release="1.11").findings) == 1
