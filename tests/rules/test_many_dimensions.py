from __future__ import annotations

import pytest

RULE = "many-dimensions"
HEAD = """\
import torch
import einops
from torch import nn
from einops import rearrange
from einops.layers.torch import Rearrange
"""


def module(line: str) -> str:
    return f"{HEAD}class Net(nn.Module):\n    def forward(self, x):\n        {line}\n        return x\n"


@pytest.mark.parametrize(
    "line",
    [
        "x = x.permute(0, 1, 3, 2, 4, 5)",
        "x = x.view(b, h, 8, w, 8, c).permute((0, 1, 3, 2, 4, 5)).contiguous()",
        "x = torch.permute(x, (0, 1, 3, 2, 4, 5))",
        "x = rearrange(x, 'b (h p) (w q) c -> (b h w) p q c', p=8, q=8)",
        "x = einops.rearrange(x, 'b c (h p) (w q) -> b (h w) (p q c)', p=8, q=8)",
    ],
)
def test_six_dimensions(run, line):
    result = run(module(line), RULE)
    assert ["6 dimensions" in finding.message for finding in result.findings] == [True]
    assert result.data.decode() == module(line)


def test_a_layer_of_einops(run):
    code = f"{HEAD}layer = Rearrange('b (h p) (w q) c -> (b h w) p q c', p=8, q=8)\n"
    assert len(run(code, RULE).findings) == 1


@pytest.mark.parametrize(
    "line",
    [
        "x = x.permute(0, 1, 3, 2, 4)",
        "x = x.permute(*order)",
        "x = rearrange(x, 'b h w c -> b c h w')",
        "x = self.order.permute",
        "'x.permute(0, 1, 3, 2, 4, 5)'  # x.permute(0, 1, 3, 2, 4, 5)",
    ],
)
def test_fewer_dimensions_are_none(run, line):
    assert run(module(line), RULE).findings == ()


def test_what_training_does_not_run_is_none(run):
    assert run(f"{HEAD}def show(x):\n    return x.permute(0, 1, 3, 2, 4, 5)\n", RULE).findings == ()
