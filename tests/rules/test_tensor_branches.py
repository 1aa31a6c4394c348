from __future__ import annotations

import pytest

RULE = "tensor-branches"
HEAD = "import torch\nfrom torch import nn\nimport numpy as np\n"


def module(*lines: str) -> str:
    body = "".join(f"        {line}\n" for line in ("x = x.float()", *lines))
    return f"{HEAD}class Net(nn.Module):\n    def forward(self, x, y, mask=None):\n{body}        return x\n"


def spots(result) -> list[str]:
    return [finding.api for finding in result.findings]


@pytest.mark.parametrize(
    ("line", "test"),
    [
        ("if (x > 3).any(): x = x / 2", "(x > 3).any()"),
        ("if torch.isnan(x).any(): x = x / 2", "torch.isnan(x).any()"),
        ("if mask is not None and mask.any(): x = x / 2", "mask is not None and mask.any()"),
        ("if not y.all(): x = x / 2", "not y.all()"),
        ("while x.max() > 3: x = x / 2", "x.max() > 3"),
        ("while x.norm().item() > 3: x = x / 2", "x.norm().item() > 3"),
        ("x = x / 2 if torch.equal(x, y) else x", "torch.equal(x, y)"),
        ("if bool(x.sum()): x = x / 2", "bool(x.sum())"),
    ],
)
def test_decisions_by_tensors(run, line, test):
    result = run(module(line), RULE)
    assert spots(result) == [test]
    assert "torch.where" in result.findings[0].advice
    assert result.data.decode() == module(line)


def test_an_assertion_has_advice_of_its_own(run):
    (found,) = run(module("assert torch.isfinite(x).all(), 'not finite'"), RULE).findings
    assert found.message.startswith("an assertion")
    assert "debugging" in found.advice


@pytest.mark.parametrize(
    "line",
    [
        "if mask is None: x = x / 2",
        "if mask: x = x / 2",
        "if x.dim() == 3 and x.size(0) > 1: x = x / 2",
        "if x.shape[-1] % 8 == 0: x = x / 2",
        "if x.dtype == torch.float16 and torch.isinf(x).any(): x = x / 2",
        "if isinstance(y, torch.Tensor): x = x / 2",
        "if torch.is_tensor(y): x = x / 2",
        "if self.training and self.dropout > 0: x = x / 2",
        "if torch.rand([]) < self.layerdrop: x = x / 2",
        "if np.random.rand() < 0.5: x = x / 2",
        "if 'x' in self.names: x = x / 2",
        "if torch.distributed.is_initialized(): x = x / 2",
        "'if x.any(): pass'  # if x.any(): pass",
        "x = torch.where(x > 0, x, y)",
    ],
)
def test_what_the_host_knows_is_none(run, line):
    assert spots(run(module(line), RULE)) == []


def test_in_loops_that_train(run):
    code = (
        f"{HEAD}model = nn.Linear(4, 4)\nfor x in loader:\n    loss = model(x).sum()\n"
        "    if {test}:\n        continue\n    loss.backward()\n"
    )
    assert spots(run(code.format(test="torch.isnan(loss)"), RULE)) == ["torch.isnan(loss)"]
    assert spots(run(code.format(test="len(x) < 8"), RULE)) == []
    assert spots(run(code.format(test="loss.item() > 9"), RULE)) == [], "host-reads tells of it"
    assert len(run(code.format(test="loss.item() > 9"), RULE, "host-reads").findings) == 1


def test_evaluation_is_none(run):
    assert spots(run(f"{HEAD}def evaluate(x):\n    if torch.isnan(x).any():\n        print(x)\n", RULE)) == []
    assert spots(run(module("if not self.training and x.any(): x = x / 2"), RULE)) == ["not self.training and x.any()"]
    assert spots(run(module("if not self.training:", "    if x.any(): x = x / 2"), RULE)) == []
