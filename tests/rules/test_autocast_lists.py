from __future__ import annotations

import pytest

RULE = "autocast-lists"
CODE = """\
import torch
from torch import nn
from torch.cuda.amp import autocast, custom_fwd

class Net(nn.Module):
    def forward(self, x):
        with {region}:
            x = x.float().log()
        return x
"""


@pytest.mark.parametrize(
    "region",
    ['torch.autocast("hpu", enabled=False)', "autocast(False)", "torch.cuda.amp.autocast(enabled=False), other()"],
)
def test_a_region_without_autocast(run, region):
    result = run(CODE.format(region=region), RULE)
    (found,) = result.findings
    assert "PT_HPU_AUTOCAST_FP32_OPS_LIST" in found.advice
    assert result.data.decode() == CODE.format(region=region)


@pytest.mark.parametrize(
    "region",
    [
        'torch.autocast("hpu", dtype=torch.bfloat16)',
        "torch.no_grad()",
        "autocast(enabled=self.amp)",
        "other(enabled=False)",
    ],
)
def test_other_regions_are_none(run, region):
    assert run(CODE.format(region=region), RULE).findings == ()


def test_a_function_that_is_registered(run):
    code = CODE.format(region="torch.no_grad()") + "\n@custom_fwd{cast}\ndef log(ctx, x):\n    return x.log()\n"
    assert len(run(code.format(cast="(cast_inputs=torch.float32)"), RULE).findings) == 1
    assert run(code.format(cast=""), RULE).findings == ()


def test_what_only_evaluation_runs_is_none(run):
    code = "import torch\ndef evaluate(x):\n    with torch.autocast('hpu', enabled=False):\n        return x.log()\n"
    assert run(code, RULE).findings == ()


@pytest.mark.parametrize(("release", "name"), [("1.9", "FP32_LIST"), ("1.12", "FP32_LIST"), ("1.7", None)])
def test_the_names_are_the_releases(run, release, name):
    findings = run(CODE.format(region="autocast(False)"), RULE, release=release).findings
    assert [f" {name} " in finding.advice for finding in findings] == ([True] if name else [])
