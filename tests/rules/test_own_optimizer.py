from __future__ import annotations

import pytest

RULE = "own-optimizer"
CODE = """\
import torch
from torch.optim.optimizer import Optimizer

class Adam(Optimizer):
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                self.state[p]["m"].mul_(0.9).add_(p.grad, alpha=0.1)
                p.data.add_(self.state[p]["m"], alpha=-group["lr"])
"""


def test_a_loop_over_parameters_is_a_finding(run):
    result = run(CODE, RULE)
    assert [(f.line, f.api) for f in result.findings] == [(7, 'for p in group["params"]:')]
    assert result.data.decode() == CODE


@pytest.mark.parametrize("base", ["torch.optim.Optimizer", "torch.optim.optimizer.Optimizer"])
def test_however_the_class_is_named(run, base):
    assert len(run(CODE.replace("(Optimizer)", f"({base})"), RULE).findings) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(Optimizer)", "(torch.nn.Module)"),
        ("def step", "def lists"),
        ('group["params"]', "self.lists"),
        ("torch.optim.optimizer", "mine"),
    ],
)
def test_other_classes_and_loops_are_none(run, old, new):
    assert run(CODE.replace(old, new), RULE).findings == ()


def test_lists_for_functions_on_lists_are_none(run):
    body = """\
                grads.append(p.grad)
            torch._foreach_add_(group["params"], grads)
"""
    start = CODE.index("                self.state")
    assert run(CODE[:start] + body, RULE).findings == ()
