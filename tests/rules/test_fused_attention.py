from __future__ import annotations

import pytest

RULE = "fused-attention"
HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
METHOD = """\
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, q, k, v, mask):
        scores = torch.matmul(q, k.transpose(-1, -2))
        scores = scores / 8
        if mask is not None:
            scores += mask
        probs = {softmax}
        probs = self.dropout(probs)
        return {product}
"""


def method(softmax: str = "F.softmax(scores, dim=-1)", product: str = "torch.matmul(probs, v)") -> str:
    return HEAD + METHOD.format(softmax=softmax, product=product)


@pytest.mark.parametrize("softmax", ["F.softmax(scores, dim=-1)", "scores.softmax(-1)", "self.softmax(scores)"])
@pytest.mark.parametrize("product", ["torch.matmul(probs, v)", "(probs @ v).permute(0, 2, 1, 3)", "probs.bmm(v)"])
def test_attention_in_steps_is_a_finding(run, softmax, product):
    result = run(method(softmax, product), RULE)
    assert [(finding.api, finding.rule) for finding in result.findings] == [(softmax, RULE)]
    assert result.data.decode() == method(softmax, product)


@pytest.mark.parametrize(
    "line",
    [
        "torch.softmax(q @ k.mT / 8, -1) @ v",
        "torch.einsum('bij,bjd->bid', torch.softmax(torch.bmm(q, k.mT), dim=-1), v)",
        "F.scaled_dot_product_attention(q, k, v)",
    ],
)
def test_attention_in_one_line(run, line):
    assert len(run(f"{HEAD}def attend(q, k, v):\n    return {line}\n", RULE).findings) == 1


@pytest.mark.parametrize(
    "code",
    [
        method(product="probs"),
        method(product="torch.matmul(q, v)"),
        method("F.softmax(q, dim=-1)"),
        method("F.softmax(scores, dim=-1).argmax()").replace("self.dropout(probs)", "q"),
        method().replace("torch.matmul(q, k.transpose(-1, -2))", "q"),
        f"{HEAD}def classify(x, w):\n    return torch.softmax(x @ w, dim=-1)\n",
        f"{HEAD}def classify(x, w):\n    'torch.softmax(q @ k) @ v'  # torch.softmax(q @ k) @ v\n",
        f"{HEAD}def one(q, k):\n    p = F.softmax(q @ k)\n\ndef other(p, v):\n    return p @ v\n",
    ],
)
def test_other_softmaxes_are_none(run, code):
    assert run(code, RULE).findings == ()


def test_only_from_the_release_that_has_the_kernel(run):
    assert run(method(), RULE, release="1.10").findings == ()
    assert len(run(method(), RULE, release="1.11").findings) == 1
