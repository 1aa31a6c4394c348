"""Of the rule library-layer-norm: an `if` between the library's function and a formula for the same."""

from __future__ import annotations

import pytest

from migrator.api_map_files import load_api_map
from migrator.config import make_target
from migrator.core.engine import rewrite
from migrator.core.file import Context
from migrator.rules import all_rules

RULE = "library-layer-norm"
AFTER = "nn.functional.layer_norm(x, x.shape[-1:], self.weight, self.bias, self.eps)"
SWITCH = """\
import torch
from torch import nn

FUSED = False
class Norm(nn.Module):
    def __init__(self, n, eps=1e-12):
        super().__init__()
        self.shape = torch.Size((n,))
        self.weight = nn.Parameter(torch.ones(n))
        self.bias = nn.Parameter(torch.zeros(n))
        self.eps = eps
        self.is_fused = FUSED

    def fused(self, x):
        return torch.nn.functional.layer_norm(x, self.shape, self.weight, self.bias, self.eps)

    def forward(self, x):
        if self.is_fused and not torch.jit.is_scripting():
            x = self.fused(x)
        else:
            u = x.mean(-1, keepdim=True)
            s = (x - u).pow(2).mean(-1, keepdim=True)
            x = (x - u) / torch.sqrt(s + self.eps)
            x = self.weight * x + self.bias
        return x
"""
SETTLED = """\
import torch
from torch import nn

FUSED = False
class Norm(nn.Module):
    def __init__(self, n, eps=1e-12):
        super().__init__()
        self.shape = torch.Size((n,))
        self.weight = nn.Parameter(torch.ones(n))
        self.bias = nn.Parameter(torch.zeros(n))
        self.eps = eps

    def forward(self, x):
        x = torch.nn.functional.layer_norm(x, self.shape, self.weight, self.bias, self.eps)
        return x
"""


def test_a_switch_between_the_two_goes(check_transformed):
    check_transformed(SWITCH, SETTLED.replace("FUSED = False\n", ""), RULE)


def test_a_switch_that_something_else_knows_stays(run):
    code = SWITCH + "def enable(module, value):\n    module.is_fused = value\n"
    data = run(code, RULE).data.decode()
    assert "        self.is_fused = FUSED\n" in data
    assert "        x = torch.nn.functional.layer_norm(x, self.shape, self.weight, self.bias, self.eps)\n" in data
    target = make_target(None, None, None, None)
    sources = {"train.py": b"", "other.py": b"from train import FUSED"}
    context = Context(target, load_api_map(), sources=sources)
    assert rewrite("train.py", SWITCH.encode(), [all_rules()[RULE]], context).data.decode() == SETTLED


def test_the_method_goes_with_its_decorators(check_transformed):
    """TorchScript may not enter it, and only is_scripting() kept it out."""
    code = SWITCH.replace("    def fused", "    @torch.jit.unused\n    def fused")
    check_transformed(code, SETTLED.replace("FUSED = False\n", ""), RULE)


def test_a_method_that_something_else_calls_stays(run):
    data = run(SWITCH + "        self.fused(x)\n", RULE).data.decode()
    assert data.count("layer_norm(") == 2
    assert "    def fused(self, x):\n" in data


def test_a_method_whose_names_mean_something_else_is_called(run):
    code = SWITCH.replace("torch.nn.functional", "F").replace("import nn", "import nn\nimport torch.nn.functional as F")
    code = code.replace("        if self.is_fused", "        F = 1\n        if self.is_fused")
    assert "        x = self.fused(x)\n        return x\n" in run(code, RULE).data.decode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.bias, self.eps)\n\n    def forward", "self.bias, 1e-5)\n\n    def forward"),
        ("torch.Size((n,))", "torch.Size((1, n))"),
        ("x = self.fused(x)", "x = self.fused(x + 1)"),
        ("x = self.fused(x)", "y = self.fused(x)"),
        ("if self.is_fused and", "if switch() and"),
    ],
)
def test_branches_that_differ_stay(run, old, new):
    data = run(SWITCH.replace(old, new), RULE).data.decode()
    assert f"        else:\n            x = {AFTER}\n" in data
