from __future__ import annotations

import pytest

RULE = "cpu-fallback"
HEAD = "import torch\nfrom torch import nn\nimport numpy as np\n"


def module(line: str) -> str:
    return f"{HEAD}class Net(nn.Module):\n    def forward(self, x, y):\n        {line}\n        return x\n"


@pytest.mark.parametrize(
    ("line", "spot", "kind"),
    [
        ("x = x.double().sum()", "x.double()", "float64"),
        ("x = x.to(torch.float64)", "torch.float64", "float64"),
        ("x = torch.zeros(4, dtype=torch.double)", "torch.double", "float64"),
        ("x = torch.view_as_complex(y)", "torch.view_as_complex(y)", "complex"),
        ("x = torch.fft.rfft(y)", "torch.fft.rfft(y)", "complex"),
        ("x = torch.stft(y, 512)", "torch.stft(y, 512)", "complex"),
        ("x = torch.sparse.mm(x, y)", "torch.sparse.mm(x, y)", "sparse"),
        ("x = y.to_sparse() @ x", "y.to_sparse()", "sparse"),
    ],
)
def test_types_that_gaudi_has_not(run, line, spot, kind):
    result = run(module(line), RULE)
    assert [finding.api for finding in result.findings] == [spot]
    assert kind in result.findings[0].message
    assert result.data.decode() == module(line)


def test_once_a_statement_and_type(run):
    assert len(run(module("x = x.double() + y.double()"), RULE).findings) == 1
    assert len(run(module("x = torch.fft.rfft(y.double())"), RULE).findings) == 2


@pytest.mark.parametrize(
    "line",
    [
        "x = x.float()",
        "y = x.dtype == torch.float64",
        "y = x.dtype in (torch.float32, torch.float64)",
        "y = np.zeros(4).astype(np.float64)",
        "y = self.double(x)",
        "'x.double()'  # torch.fft",
    ],
)
def test_other_code_is_none(run, line):
    assert run(module(line), RULE).findings == ()


def test_what_is_prepared_once_is_none(run):
    code = (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        self.table = torch.arange(9).double().float()\n"
    )
    assert run(code, RULE).findings == ()
    assert run(f"{HEAD}def evaluate(x):\n    return x.double()\n", RULE).findings == ()


@pytest.mark.parametrize(
    ("call", "count"),
    [
        ("nn.Embedding(9, 4, sparse=True)", 1),
        ("nn.EmbeddingBag(9, 4, sparse=options.sparse)", 1),
        ("nn.Embedding.from_pretrained(table, freeze=False, sparse=True)", 1),
        ("torch.optim.SparseAdam(parameters)", 1),
        ("nn.Embedding(9, 4)", 0),
        ("nn.Embedding(9, 4, sparse=False)", 0),
        ("Embedding(9, 4, sparse=True)", 0),
    ],
)
def test_sparse_gradients(run, call, count):
    assert len(run(f"{HEAD}made = {call}\n", RULE).findings) == count
